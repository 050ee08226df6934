{# grain: one row per tenant, as-of date, share, debtor and currency #}
with days as (
    select * from {{ ref('reporting_days') }}
),

postings as (
    select * from {{ ref('fct_postings') }}
),

unapplied_credits as (
    select
        day.tenant_id,
        coalesce(
            case pos.share when 'payer' then pos.payer_id else pos.patient_id end, 0
        )
            as debtor_id,
        pos.share,
        pos.currency_code,
        sum(
            case pos.credit_account
                when 'unapplied_credit' then pos.amount
                else -pos.amount
            end
        )::numeric(18, 4) as unapplied_credit_amount,
        sum(
            case pos.credit_account
                when 'unapplied_credit' then pos.base_amount
                else -pos.base_amount
            end
        )::numeric(18, 4) as unapplied_credit_base_amount,
        day.as_of_date
    from days as day
    inner join postings as pos
        on
            day.tenant_id = pos.tenant_id
            and day.as_of_date >= pos.business_date
            and 'unapplied_credit' in (pos.debit_account, pos.credit_account)
            and pos.debit_account <> pos.credit_account
    group by
        day.tenant_id,
        day.as_of_date,
        coalesce(
            case pos.share when 'payer' then pos.payer_id else pos.patient_id end, 0
        ),
        pos.share,
        pos.currency_code
),

held_credits as (
    select *
    from unapplied_credits
    where unapplied_credit_amount <> 0 or unapplied_credit_base_amount <> 0
)

select * from held_credits
