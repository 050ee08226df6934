{#- The measures of revenue (`revenue_measures`) with the average of an invoice (K), as columns of
    a select. -#}
{% macro earned_revenue(alias) -%}
    {{ alias }}.gross_charge_amount,
    {{ alias }}.discount_amount,
    {{ alias }}.contractual_adjustment_amount,
    {{ alias }}.charity_care_amount,
    {{ alias }}.credit_note_amount,
    {{ alias }}.net_revenue_amount,
    {{ alias }}.write_off_amount,
    {{ alias }}.tax_amount,
    {{ alias }}.line_count,
    {{ alias }}.invoice_count,
    ({{ alias }}.net_revenue_amount / nullif({{ alias }}.invoice_count, 0))::numeric(18, 4)
        as average_transaction_amount
{%- endmacro %}
