{# grain: one row per tenant, as-of date, status and currency #}
with bills as (
    select * from {{ ref('bill_statuses') }}
),

status_sums as (
    select
        tenant_id,
        status,
        currency_code,
        sum(billed_amount)::numeric(18, 4) as billed_amount,
        sum(open_amount)::numeric(18, 4) as open_amount,
        sum(open_base_amount)::numeric(18, 4) as open_base_amount,
        sum(overdue_amount)::numeric(18, 4) as overdue_amount,
        count(*) as invoice_count,
        count(*) filter (where overdue_amount > 0) as overdue_invoice_count,
        as_of_date
    from bills
    group by tenant_id, as_of_date, status, currency_code
)

select * from status_sums
