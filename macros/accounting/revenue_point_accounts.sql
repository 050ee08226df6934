{#- The accounts that the measures of a revenue point are sums of: revenue, and the money. -#}
{% macro revenue_point_accounts() -%}
    {{ return(revenue_accounts() + ['recoveries'] + collection_accounts()) }}
{%- endmacro %}
