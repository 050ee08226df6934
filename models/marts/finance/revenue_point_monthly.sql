{# grain: one row per tenant, month, revenue point and currency #}
with revenue_point_days as (
    select * from {{ ref('revenue_point_daily') }}
),

revenue_points as (
    select * from {{ ref('dim_revenue_points') }}
),

revenue_point_months as (
    select
        tenant_id,
        revenue_point_code,
        currency_code,
        sum(gross_charge_amount)::numeric(18, 4) as gross_charge_amount,
        sum(discount_amount)::numeric(18, 4) as discount_amount,
        sum(contractual_adjustment_amount)::numeric(18, 4)
            as contractual_adjustment_amount,
        sum(charity_care_amount)::numeric(18, 4) as charity_care_amount,
        sum(credit_note_amount)::numeric(18, 4) as credit_note_amount,
        sum(net_revenue_amount)::numeric(18, 4) as net_revenue_amount,
        sum(write_off_amount)::numeric(18, 4) as write_off_amount,
        sum(tax_amount)::numeric(18, 4) as tax_amount,
        sum(collection_amount)::numeric(18, 4) as collection_amount,
        sum(refund_amount)::numeric(18, 4) as refund_amount,
        sum(line_count)::bigint as line_count,
        sum(invoice_count)::bigint as invoice_count,
        sum(receipt_count)::bigint as receipt_count,
        min(business_date) as first_business_date,
        date_trunc('month', business_date)::date as month_start_date
    from revenue_point_days
    group by
        tenant_id,
        date_trunc('month', business_date),
        revenue_point_code,
        currency_code
),

shared_months as (
    {{ with_shares(
        'revenue_point_months',
        'net_revenue_amount',
        ['tenant_id', 'month_start_date', 'currency_code'],
        ['revenue_point_code']
    ) }}
),

compared_months as (
    {{ with_growth('shared_months', 'net_revenue_amount', ['revenue_point_code']) }}
),

labelled_months as (
    select
        mon.tenant_id,
        mon.revenue_point_code,
        coalesce(poi.revenue_point_name, 'Unknown revenue point') as revenue_point_name,
        mon.currency_code,
        mon.gross_charge_amount,
        mon.discount_amount,
        mon.contractual_adjustment_amount,
        mon.charity_care_amount,
        mon.credit_note_amount,
        mon.net_revenue_amount,
        mon.share_percent,
        mon.previous_amount,
        mon.previous_growth_percent,
        mon.last_year_amount,
        mon.last_year_growth_percent,
        mon.write_off_amount,
        mon.tax_amount,
        mon.collection_amount,
        mon.refund_amount,
        mon.line_count,
        mon.invoice_count,
        (mon.net_revenue_amount / nullif(mon.invoice_count, 0))::numeric(18, 4)
            as average_transaction_amount,
        mon.receipt_count,
        mon.is_complete,
        mon.month_start_date,
        mon.previous_month_start_date,
        mon.last_year_month_start_date
    from compared_months as mon
    left join revenue_points as poi
        on
            mon.tenant_id = poi.tenant_id
            and mon.revenue_point_code = poi.revenue_point_code
)

select * from labelled_months
