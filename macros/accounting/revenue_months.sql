{#- Months of revenue, summed over a CTE of days that has the measures of revenue; with what was
    collected, if the days have that too. -#}
{% macro revenue_months(days, members, is_collected=false) -%}
    {%- set measures = [
        'gross_charge_amount', 'discount_amount', 'contractual_adjustment_amount',
        'charity_care_amount', 'credit_note_amount', 'net_revenue_amount',
        'write_off_amount', 'tax_amount'
    ] -%}
    {%- set collected = ['collection_amount', 'refund_amount'] if is_collected else [] -%}
    {%- set receipts = ['receipt_count'] if is_collected else [] -%}
select
    tenant_id,
    {{ members | join(',\n    ') }},
    currency_code,
    {%- for measure in measures + collected %}
        sum({{ measure }})::numeric(18, 4) as {{ measure }},
    {%- endfor %}
    {%- for count in ['line_count', 'invoice_count'] + receipts %}
        sum({{ count }})::bigint as {{ count }},
    {%- endfor %}
    min(business_date) as first_business_date,
    date_trunc('month', business_date)::date as month_start_date
from {{ days }}
group by
    tenant_id,
    date_trunc('month', business_date),
    {{ members | join(',\n    ') }},
    currency_code
{%- endmacro %}
