{#- The rate of a document: one in the tenant's own currency needs none. -#}
{% macro base_rate(document, tenants) -%}
coalesce(
    {{ document }}.exchange_rate,
    case when {{ document }}.currency_code = {{ tenants }}.currency_code then 1 end
)
{%- endmacro %}
