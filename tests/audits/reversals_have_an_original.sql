{# R2: a reversal takes back a posting of its document, whole, with the accounts swapped #}
with postings as (
    select * from {{ changed('fct_postings') }}
),

-- a posting and its reversal are alike but for the direction
movements as (
    select
        tenant_id,
        document_type,
        document_id,
        line_id,
        event_type,
        share,
        least(debit_account, credit_account) as one_account,
        greatest(debit_account, credit_account) as other_account,
        amount,
        count(*) filter (where not is_reversal) as original_count,
        count(*) filter (where is_reversal) as reversal_count,
        min(business_date) filter (where not is_reversal) as original_date,
        min(business_date) filter (where is_reversal) as reversal_date,
        count(distinct debit_account) as direction_count
    from postings
    -- a system with its own ledger says what it reverses
    where document_type <> 'move'
    group by
        tenant_id,
        document_type,
        document_id,
        line_id,
        event_type,
        share,
        least(debit_account, credit_account),
        greatest(debit_account, credit_account),
        amount
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
