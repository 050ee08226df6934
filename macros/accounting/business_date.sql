{#- T1: the tenant's local day of an instant; a day begins at the tenant's cutoff. -#}
{% macro business_date(instant, tenant) -%}
(
    {{ instant }} at time zone {{ tenant }}.time_zone
    - make_interval(mins => {{ tenant }}.day_cutoff_minutes)
)::date
{%- endmacro %}
