{# grain: one row per tenant, month of submission, payer and currency #}
with claims as (
    select * from {{ ref('fct_claims') }}
),

payers as (
    select * from {{ ref('dim_payers') }}
),

month_claims as (
    select
        *,
        date_trunc('month', submission_date)::date as month_start_date
    from claims
),

month_sums as (
    select
        tenant_id,
        payer_id,
        currency_code,
        sum(denied_amount)::numeric(18, 4) as denied_amount,
        sum(claimed_amount)::numeric(18, 4) as submitted_amount,
        sum(
            case when decision_date is null then 0 else claimed_amount end
        )::numeric(18, 4) as decided_amount,
        count(*) filter (where denied_amount > 0) as denied_count,
        count(*) filter (where status = 'denied') as denied_as_a_whole_count,
        count(*) as submitted_count,
        count(*) filter (where decision_date is not null) as decided_count,
        month_start_date
    from month_claims
    group by tenant_id, month_start_date, payer_id, currency_code
),

-- K: denied by submitted
month_rates as (
    select
        sums.tenant_id,
        sums.payer_id,
        coalesce(pay.payer_name, 'Unknown payer') as payer_name,
        pay.payer_type,
        sums.currency_code,
        sums.denied_amount,
        sums.submitted_amount,
        (100 * sums.denied_amount / nullif(sums.submitted_amount, 0))::numeric(30, 2)
            as amount_denial_percent,
        sums.decided_amount,
        sums.denied_count,
        sums.submitted_count,
        (100 * sums.denied_count::numeric / sums.submitted_count)::numeric(30, 2)
            as count_denial_percent,
        sums.decided_count,
        sums.denied_as_a_whole_count,
        sums.month_start_date
    from month_sums as sums
    left join payers as pay
        on sums.tenant_id = pay.tenant_id and sums.payer_id = pay.payer_id
)

select * from month_rates
