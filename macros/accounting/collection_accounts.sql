{#- The accounts that the measures of money are sums of. -#}
{% macro collection_accounts() -%}
    {{ return(['cash', 'wallet_liability']) }}
{%- endmacro %}
