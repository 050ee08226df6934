{# grain: one row per tenant, as-of date, share and currency #}
with opening_days as (
    select * from {{ ref('reporting_days') }}
),

movement_days as (
    select * from {{ ref('reporting_days') }}
),

balances as (
    select * from {{ ref('receivable_balances') }}
),

postings as (
    select * from {{ ref('fct_postings') }}
),

-- what was open at the end of the day before the month, and what moved from then on
measures as (
    select
        day.tenant_id,
        bal.share,
        bal.currency_code,
        'opening' as cause,
        bal.outstanding_amount as amount,
        day.month_start_date,
        day.as_of_date
    from opening_days as day
    inner join balances as bal
        on
            day.tenant_id = bal.tenant_id
            and day.month_start_date > bal.valid_from
            and day.month_start_date <= bal.valid_to
    where bal.outstanding_amount <> 0
    union all
    select
        day.tenant_id,
        pos.share,
        pos.currency_code,
        {{ receivable_cause('pos') }} as cause,
        case pos.debit_account when 'receivable' then pos.amount else -pos.amount end
            as amount,
        day.month_start_date,
        day.as_of_date
    from movement_days as day
    cross join lateral (
        select
            inn.share,
            inn.currency_code,
            inn.event_type,
            inn.debit_account,
            inn.credit_account,
            inn.amount
        from postings as inn
        where
            inn.tenant_id = day.tenant_id
            and inn.business_date >= day.month_start_date
            and inn.business_date <= day.as_of_date
            and {{ moves(['receivable']) }}
        offset 0
    ) as pos
),

roll_forward as (
    select
        tenant_id,
        share,
        currency_code,
        coalesce(sum(amount) filter (where cause = 'opening'), 0)
        ::numeric(18, 4) as opening_amount,
        coalesce(sum(amount) filter (where cause = 'billed'), 0)
        ::numeric(18, 4) as billed_amount,
        coalesce(sum(-amount) filter (where cause = 'credited'), 0)
        ::numeric(18, 4) as credited_amount,
        coalesce(sum(-amount) filter (where cause = 'applied'), 0)
        ::numeric(18, 4) as applied_amount,
        coalesce(sum(amount) filter (where cause = 'refunded'), 0)
        ::numeric(18, 4) as refunded_amount,
        coalesce(sum(-amount) filter (where cause = 'adjusted'), 0)
        ::numeric(18, 4) as adjusted_amount,
        coalesce(sum(-amount) filter (where cause = 'written_off'), 0)
        ::numeric(18, 4) as written_off_amount,
        coalesce(sum(amount) filter (where cause = 'transferred'), 0)
        ::numeric(18, 4) as transferred_amount,
        coalesce(sum(amount) filter (where cause = 'other'), 0)
        ::numeric(18, 4) as other_amount,
        sum(amount)::numeric(18, 4) as closing_amount,
        month_start_date as period_start_date,
        as_of_date
    from measures
    group by tenant_id, as_of_date, month_start_date, share, currency_code
),

-- not what came and went again
moved_shares as (
    select * from roll_forward
    where
        (
            opening_amount,
            billed_amount,
            credited_amount,
            applied_amount,
            refunded_amount,
            adjusted_amount,
            written_off_amount,
            transferred_amount,
            other_amount
        ) <> (0, 0, 0, 0, 0, 0, 0, 0, 0)
)

select * from moved_shares
