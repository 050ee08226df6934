{# grain: one row per tenant, month, weekday, hour and currency #}
with invoices as (
    select * from {{ ref('fct_invoices') }}
),

receipts as (
    select * from {{ ref('receipts_by_hour_daily') }}
),

events as (
    select
        tenant_id,
        invoice_hour,
        currency_code,
        1 as invoice_count,
        total_amount - tax_amount as charged_amount,
        0 as receipt_count,
        0 as receipt_amount,
        invoice_date,
        invoice_date as business_date
    from invoices
    union all
    select
        tenant_id,
        nullif(receipt_hour, -1)::integer as invoice_hour,
        currency_code,
        0 as invoice_count,
        0 as charged_amount,
        receipt_count,
        receipt_amount,
        null as invoice_date,
        business_date
    from receipts
),

hour_sums as (
    select
        tenant_id,
        extract(isodow from business_date)::integer as weekday,
        invoice_hour,
        currency_code,
        sum(invoice_count)::bigint as invoice_count,
        sum(charged_amount)::numeric(18, 4) as charged_amount,
        count(distinct invoice_date) as active_days,
        sum(receipt_count)::bigint as receipt_count,
        sum(receipt_amount)::numeric(18, 4) as receipt_amount,
        date_trunc('month', business_date)::date as month_start_date
    from events
    group by
        tenant_id,
        date_trunc('month', business_date),
        extract(isodow from business_date),
        invoice_hour,
        currency_code
),

shared_hours as (
    {{ with_shares(
        'hour_sums',
        'charged_amount',
        ['tenant_id', 'month_start_date', 'currency_code'],
        ['weekday', 'invoice_hour']
    ) }}
),

ranked_hours as (
    select
        tenant_id,
        weekday,
        invoice_hour,
        currency_code,
        invoice_count,
        active_days,
        (invoice_count::numeric / nullif(active_days, 0))::numeric(18, 4)
            as average_invoice_count,
        row_number() over (
            partition by tenant_id, month_start_date, currency_code
            order by
                invoice_count desc, charged_amount desc, weekday asc, invoice_hour asc
        )::integer as peak_rank,
        charged_amount,
        share_percent,
        receipt_count,
        row_number() over (
            partition by tenant_id, month_start_date, currency_code
            order by
                receipt_count desc, receipt_amount desc, weekday asc, invoice_hour asc
        )::integer as receipt_rank,
        receipt_amount,
        month_start_date
    from shared_hours
)

select * from ranked_hours
