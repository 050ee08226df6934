{#- T1: the hour of the tenant's clock at an instant, 0 to 23. None of what is no date
    (is_dated). -#}
{% macro business_hour(instant, tenant) -%}
case
    when {{ is_dated(instant) }}
        then extract(hour from {{ instant }} at time zone {{ tenant }}.time_zone)::integer
end
{%- endmacro %}
