{# grain: one row per tenant, business date, share, debtor and currency #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

credit_movements as (
    select
        tenant_id,
        coalesce(case share when 'payer' then payer_id else patient_id end, 0)
            as debtor_id,
        share,
        currency_code,
        sum(case credit_account when 'unapplied_credit' then amount else -amount end)
        ::numeric(18, 4) as amount,
        sum(
            case credit_account
                when 'unapplied_credit' then base_amount else -base_amount
            end
        )::numeric(18, 4) as base_amount,
        business_date
    from postings
    -- what stays within the account moves nothing
    where
        'unapplied_credit' in (debit_account, credit_account)
        and debit_account <> credit_account
    group by
        tenant_id,
        business_date,
        coalesce(case share when 'payer' then payer_id else patient_id end, 0),
        share,
        currency_code
)

select * from credit_movements
