{# grain: one row per tenant, as-of date, kind of credit, document, share, debtor and currency #}
with open_receivables as (
    select * from {{ ref('open_receivables') }}
),

unapplied_credits as (
    select * from {{ ref('unapplied_credits') }}
),

credit_balances as (
    select
        tenant_id,
        'overpaid_document' as credit_kind,
        document_type,
        document_id,
        invoice_number,
        share,
        debtor_id,
        currency_code,
        (-outstanding_amount)::numeric(18, 4) as credit_amount,
        (-outstanding_base_amount)::numeric(18, 4) as credit_base_amount,
        as_of_date,
        invoice_date
    from open_receivables
    where outstanding_amount < 0
    union all
    select
        tenant_id,
        'unapplied_credit' as credit_kind,
        'none' as document_type,
        0 as document_id,
        null as invoice_number,
        share,
        debtor_id,
        currency_code,
        unapplied_credit_amount as credit_amount,
        unapplied_credit_base_amount as credit_base_amount,
        as_of_date,
        null as invoice_date
    from unapplied_credits
)

select * from credit_balances
