{#- SQL that tells whether a row is not set aside. Written as a case, for which the planner
    assumes every second row: a bare `is null` of what is computed is taken for one in 200, and
    whole tables are then joined by nested loops. -#}
{% macro is_kept(alias='') -%}
    case when {{ alias ~ '.' if alias }}reject_reason is null then true end
{%- endmacro %}
