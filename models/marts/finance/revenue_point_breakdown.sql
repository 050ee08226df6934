{# grain: one row per tenant, business date, revenue point and currency #}
with revenue_point_days as (
    select * from {{ ref('revenue_point_daily') }}
),

revenue_points as (
    select * from {{ ref('dim_revenue_points') }}
),

shared_days as (
    {{ with_shares(
        'revenue_point_days',
        'net_revenue_amount',
        ['tenant_id', 'business_date', 'currency_code'],
        ['revenue_point_code']
    ) }}
),

labelled_days as (
    select
        day.tenant_id,
        day.revenue_point_code,
        coalesce(poi.revenue_point_name, 'Unknown revenue point') as revenue_point_name,
        day.currency_code,
        day.gross_charge_amount,
        day.discount_amount,
        day.contractual_adjustment_amount,
        day.charity_care_amount,
        day.credit_note_amount,
        day.net_revenue_amount,
        day.share_percent,
        day.write_off_amount,
        day.tax_amount,
        day.collection_amount,
        day.refund_amount,
        day.line_count,
        day.invoice_count,
        (day.net_revenue_amount / nullif(day.invoice_count, 0))::numeric(18, 4)
            as average_transaction_amount,
        day.receipt_count,
        day.business_date
    from shared_days as day
    left join revenue_points as poi
        on
            day.tenant_id = poi.tenant_id
            and day.revenue_point_code = poi.revenue_point_code
)

select * from labelled_days
