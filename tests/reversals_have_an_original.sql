{# R2: a reversal takes back a posting of its document, whole, with the accounts swapped #}
{{ config(tags=['deep']) }}
with reversals as (
    select * from {{ ref('fct_postings') }}
),

originals as (
    select * from {{ ref('fct_postings') }}
),

reversals_alone as (
    select
        rev.tenant_id,
        rev.document_type,
        rev.document_id,
        rev.line_id,
        rev.event_type,
        rev.share
    from reversals as rev
    left join originals as org
        on
            rev.tenant_id = org.tenant_id
            and rev.document_type = org.document_type
            and rev.document_id = org.document_id
            and rev.line_id = org.line_id
            and rev.event_type = org.event_type
            and rev.share = org.share
            and not org.is_reversal
            and rev.amount = org.amount
            and rev.debit_account = org.credit_account
            and rev.credit_account = org.debit_account
            and rev.business_date >= org.business_date
    where
        rev.is_reversal
        -- a system with its own ledger says what it reverses
        and rev.document_type <> 'move'
        and org.tenant_id is null
)

select * from reversals_alone
