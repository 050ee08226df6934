{# grain: one row per tenant, invoice, currency and business date #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

charges as (
    select
        tenant_id,
        invoice_id,
        currency_code,
        (-{{ net_credit('receivable') }})::numeric(18, 4) as billed_amount,
        business_date
    from postings
    where
        invoice_id is not null
        and event_type in ('invoice_line', 'line_discount', 'line_tax')
        and {{ moves(['receivable']) }}
        and not {{ is_void() }}
    group by tenant_id, invoice_id, currency_code, business_date
)

select * from charges
