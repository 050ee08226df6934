{#- The measures of a month of revenue with its growth (`revenue_months`) and its share
    (`with_shares`), as columns of a select. -#}
{% macro compared_revenue(alias, is_collected=false) -%}
    {{ alias }}.gross_charge_amount,
    {{ alias }}.discount_amount,
    {{ alias }}.contractual_adjustment_amount,
    {{ alias }}.charity_care_amount,
    {{ alias }}.credit_note_amount,
    {{ alias }}.net_revenue_amount,
    {{ alias }}.share_percent,
    {{ alias }}.previous_amount,
    {{ alias }}.previous_growth_percent,
    {{ alias }}.last_year_amount,
    {{ alias }}.last_year_growth_percent,
    {{ alias }}.write_off_amount,
    {{ alias }}.tax_amount,
    {%- if is_collected %}
        {{ alias }}.collection_amount,
        {{ alias }}.refund_amount,
    {%- endif %}
    {{ alias }}.line_count,
    {{ alias }}.invoice_count,
    ({{ alias }}.net_revenue_amount / nullif({{ alias }}.invoice_count, 0))::numeric(18, 4)
        as average_transaction_amount,
    {%- if is_collected %}
        {{ alias }}.receipt_count,
    {%- endif %}
    {{ alias }}.is_complete,
    {{ alias }}.month_start_date,
    {{ alias }}.previous_month_start_date,
    {{ alias }}.last_year_month_start_date
{%- endmacro %}
