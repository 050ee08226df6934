{#-
    T1: the tenant's local day of an instant; a day begins at the tenant's cutoff. None of what
    is no date (is_dated).
-#}
{% macro business_date(instant, tenant) -%}
case
    when {{ is_dated(instant) }}
        then (
            {{ instant }} at time zone {{ tenant }}.time_zone
            - make_interval(mins => {{ tenant }}.day_cutoff_minutes)
        )::date
end
{%- endmacro %}
