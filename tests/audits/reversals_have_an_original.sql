{# R2: a reversal takes back a posting of its document, whole, with the accounts swapped #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

changed_postings as (
    select * from {{ changed('fct_postings') }}
),

-- few documents are reversed, and only theirs are compared; a system with its own ledger says
-- what it reverses. Distinct: a reversal takes back many postings of a document
reversed_documents as (
    select distinct
        tenant_id,
        document_type,
        document_id
    from changed_postings
    where is_reversal and document_type <> 'move'
),

-- a posting and its reversal are alike but for the direction
movements as (
    select
        pos.tenant_id,
        pos.document_type,
        pos.document_id,
        pos.line_id,
        pos.event_type,
        pos.share,
        least(pos.debit_account, pos.credit_account) as one_account,
        greatest(pos.debit_account, pos.credit_account) as other_account,
        pos.amount,
        count(*) filter (where not pos.is_reversal) as original_count,
        count(*) filter (where pos.is_reversal) as reversal_count,
        min(pos.business_date) filter (where not pos.is_reversal) as original_date,
        min(pos.business_date) filter (where pos.is_reversal) as reversal_date,
        count(distinct pos.debit_account) as direction_count
    from reversed_documents as rev
    inner join postings as pos
        on
            rev.tenant_id = pos.tenant_id
            and rev.document_type = pos.document_type
            and rev.document_id = pos.document_id
    group by
        pos.tenant_id,
        pos.document_type,
        pos.document_id,
        pos.line_id,
        pos.event_type,
        pos.share,
        least(pos.debit_account, pos.credit_account),
        greatest(pos.debit_account, pos.credit_account),
        pos.amount
),

reversals_alone as (
    select *
    from movements
    where
        reversal_count > original_count
        or (
            reversal_count > 0
            and (direction_count < 2 or reversal_date < original_date)
        )
)

select * from reversals_alone
