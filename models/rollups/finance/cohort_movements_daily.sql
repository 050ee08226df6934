{# grain: one row per tenant, business date, month of issue and currency #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

invoices as (
    select * from {{ ref('fct_invoices') }}
),

movements as (
    select
        pos.tenant_id,
        inv.currency_code,
        {{ receivable_cause('pos') }} as cause,
        case pos.debit_account when 'receivable' then pos.amount else -pos.amount end
            as amount,
        date_trunc('month', inv.invoice_date)::date as month_start_date,
        pos.business_date
    from postings as pos
    inner join invoices as inv
        on pos.tenant_id = inv.tenant_id and pos.invoice_id = inv.invoice_id
    where {{ moves(['receivable']) }}
),

cohort_movements as (
    select
        tenant_id,
        currency_code,
        coalesce(sum(amount) filter (where cause = 'billed'), 0)::numeric(18, 4)
            as billed_amount,
        coalesce(sum(-amount) filter (where cause in ('applied', 'refunded')), 0)
        ::numeric(18, 4) as collected_amount,
        coalesce(
            sum(-amount) filter (where cause not in ('billed', 'applied', 'refunded')),
            0
        )::numeric(18, 4) as adjusted_amount,
        month_start_date,
        business_date
    from movements
    group by tenant_id, business_date, month_start_date, currency_code
)

select * from cohort_movements
