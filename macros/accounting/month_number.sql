{#- SQL for the month of a day as a number, YYYYMM. -#}
{% macro month_number(day) -%}
    (extract(year from {{ day }}) * 100 + extract(month from {{ day }}))::int
{%- endmacro %}
