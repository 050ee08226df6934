{#- The accounts that the measures of revenue are sums of. -#}
{% macro revenue_accounts() -%}
    {{ return([
        'revenue', 'discounts', 'credit_notes', 'contractual_adjustments', 'charity_care',
        'write_offs', 'tax_payable'
    ]) }}
{%- endmacro %}
