{#- Months of revenue, summed over a CTE of days that has the measures of revenue, with their
    growth (`compared_months`); with what was collected, if the days have that too. -#}
{% macro revenue_months(months, days, members, is_collected=false) -%}
    {%- set amounts = [
        'gross_charge_amount', 'discount_amount', 'contractual_adjustment_amount',
        'charity_care_amount', 'credit_note_amount', 'net_revenue_amount',
        'write_off_amount', 'tax_amount'
    ] + (['collection_amount', 'refund_amount'] if is_collected else []) -%}
    {%- set counts = ['line_count', 'invoice_count']
        + (['receipt_count'] if is_collected else []) -%}
    {%- set sums = [] -%}
    {%- for amount in amounts -%}
        {%- do sums.append('sum(' ~ amount ~ ')::numeric(18, 4) as ' ~ amount) -%}
    {%- endfor -%}
    {%- for count in counts -%}
        {%- do sums.append('sum(' ~ count ~ ')::bigint as ' ~ count) -%}
    {%- endfor -%}
    {{ compared_months(months, days, members, sums | join(',\n'), 'net_revenue_amount') }}
{%- endmacro %}
