{# grain: one row per tenant, month, weekday, hour and currency #}
with invoices as (
    select * from {{ ref('fct_invoices') }}
),

hour_sums as (
    select
        tenant_id,
        extract(isodow from invoice_date)::integer as weekday,
        invoice_hour,
        currency_code,
        count(*) as invoice_count,
        sum(total_amount - tax_amount)::numeric(18, 4) as charged_amount,
        count(distinct invoice_date) as active_days,
        date_trunc('month', invoice_date)::date as month_start_date
    from invoices
    group by
        tenant_id,
        date_trunc('month', invoice_date),
        extract(isodow from invoice_date),
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
        (invoice_count::numeric / active_days)::numeric(18, 4)
            as average_invoice_count,
        row_number() over (
            partition by tenant_id, month_start_date, currency_code
            order by
                invoice_count desc, charged_amount desc, weekday asc, invoice_hour asc
        )::integer as peak_rank,
        charged_amount,
        share_percent,
        month_start_date
    from shared_hours
)

select * from ranked_hours
