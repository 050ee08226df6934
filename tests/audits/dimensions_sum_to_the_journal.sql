{# V10: over every dimension, what is unknown included, revenue is the journal's; money by
   method as well #}
{%- set revenue = ['net_revenue_amount', 'tax_amount'] %}
{%- set money = [
    'cash_received_amount - cash_paid_out_amount + other_cash_amount',
    'collection_amount - refund_amount'
] %}
{%- set dimensions = {
    'revenue_by_doctor': revenue, 'revenue_by_payer': revenue,
    'revenue_by_service': revenue, 'revenue_by_service_category': revenue,
    'revenue_by_patient_type': revenue, 'collections_by_method': money
} %}
with tenants as (
    select * from {{ days_in_turn('reporting_periods') }}
),

-- each is read in its place, of the tenants and days in turn: a relation named twice would be
-- read of all
measures as (
    {%- for mart, (amount, other_amount) in dimensions.items() %}
        select
            ten.tenant_id,
            '{{ mart }}' as dimension,
            day.currency_code,
            day.amount,
            day.other_amount,
            day.business_date
        from tenants as ten
        inner join lateral (
            select
                inn.currency_code,
                {{ amount }} as amount,
                {{ other_amount }} as other_amount,
                inn.business_date
            from {{ ref(mart) }} as inn
            where
                inn.tenant_id = ten.tenant_id
                and inn.business_date between ten.from_date and ten.to_date
            offset 0
        ) as day on true
        union all
        select
            ten.tenant_id,
            '{{ mart }}' as dimension,
            poi.currency_code,
            -poi.amount as amount,
            -poi.other_amount as other_amount,
            poi.business_date
        from tenants as ten
        inner join lateral (
            select
                inn.currency_code,
                {{ amount }} as amount,
                {{ other_amount }} as other_amount,
                inn.business_date
            from {{ ref('revenue_point_daily') }} as inn
            where
                inn.tenant_id = ten.tenant_id
                and inn.business_date between ten.from_date and ten.to_date
            offset 0
        ) as poi on true
        {{ 'union all' if not loop.last }}
    {%- endfor %}
),

differing_days as (
    select
        tenant_id,
        dimension,
        currency_code,
        business_date,
        sum(amount) as difference,
        sum(other_amount) as other_difference
    from measures
    group by tenant_id, dimension, currency_code, business_date
    having sum(amount) <> 0 or sum(other_amount) <> 0
)

select * from differing_days
