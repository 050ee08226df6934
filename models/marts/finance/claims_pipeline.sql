{# grain: one row per tenant, as-of date, payer, state and currency #}
with days as (
    select * from {{ ref('reporting_days') }}
),

claims as (
    select * from {{ ref('fct_claims') }}
),

payers as (
    select * from {{ ref('dim_payers') }}
),

-- A1: a later decision does not count; a claim ages until it is decided
dated_claims as (
    select
        day.tenant_id,
        clm.payer_id,
        case when dec.is_decided then clm.status else 'in_process' end as state,
        clm.currency_code,
        clm.claimed_amount,
        case when dec.is_decided then clm.approved_amount else 0 end as approved_amount,
        case when dec.is_decided then clm.denied_amount else 0 end as denied_amount,
        case when dec.is_decided then clm.paid_amount else 0 end as paid_amount,
        least(clm.decision_date, day.as_of_date) - clm.submission_date as age_days,
        day.as_of_date
    from days as day
    inner join claims as clm
        on
            day.tenant_id = clm.tenant_id
            and day.as_of_date >= clm.submission_date
    cross join
        lateral (values (clm.decision_date <= day.as_of_date)) as dec (is_decided)
),

state_sums as (
    select
        tenant_id,
        payer_id,
        state,
        currency_code,
        sum(claimed_amount)::numeric(18, 4) as claimed_amount,
        sum(approved_amount)::numeric(18, 4) as approved_amount,
        sum(denied_amount)::numeric(18, 4) as denied_amount,
        sum(paid_amount)::numeric(18, 4) as paid_amount,
        sum(approved_amount - paid_amount)::numeric(18, 4) as awaited_amount,
        count(*) as claim_count,
        sum(age_days) as age_days,
        avg(age_days)::numeric(18, 4) as average_age_days,
        max(age_days) as oldest_age_days,
        count(*) filter (where age_days > 30) as over_30_days_count,
        count(*) filter (where age_days > 60) as over_60_days_count,
        count(*) filter (where age_days > 90) as over_90_days_count,
        as_of_date
    from dated_claims
    group by tenant_id, as_of_date, payer_id, state, currency_code
),

labelled_states as (
    select
        sta.tenant_id,
        sta.payer_id,
        coalesce(pay.payer_name, 'Unknown payer') as payer_name,
        pay.payer_type,
        sta.state,
        sta.currency_code,
        sta.claimed_amount,
        sta.approved_amount,
        sta.denied_amount,
        sta.paid_amount,
        sta.awaited_amount,
        sta.claim_count,
        sta.age_days,
        sta.average_age_days,
        sta.oldest_age_days,
        sta.over_30_days_count,
        sta.over_60_days_count,
        sta.over_90_days_count,
        sta.as_of_date
    from state_sums as sta
    left join payers as pay
        on sta.tenant_id = pay.tenant_id and sta.payer_id = pay.payer_id
)

select * from labelled_states
