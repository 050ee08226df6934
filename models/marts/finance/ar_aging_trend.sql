{# grain: one row per tenant, month end or one of the last 90 days, share, currency and bucket #}
with balances as (
    select * from {{ ref('receivable_balances') }}
),

invoices as (
    select * from {{ ref('fct_invoices') }}
),

buckets_passed as (
    select * from {{ ref('dim_ageing_buckets') }}
),

shown_buckets as (
    select * from {{ ref('dim_ageing_buckets') }}
),

days as (
    select * from {{ ref('reporting_days') }}
),

periods as (
    select * from {{ ref('reporting_periods') }}
),

account_movements as (
    select * from {{ ref('account_movements_daily') }}
),

-- distinct: of each currency that the tenant's receivables ever had
shown_currencies as (
    select distinct
        tenant_id,
        currency_code
    from account_movements
    where account = 'receivable'
),

trend_days as (
    select
        day.tenant_id,
        day.as_of_date
    from days as day
    inner join periods as per on day.tenant_id = per.tenant_id
    where
        day.as_of_date <= per.last_data_date
        and (
            day.as_of_date > per.last_data_date - 90
            or extract(day from day.as_of_date + 1) = 1
        )
),

-- each balance while it stood; the payer pays in parts until the patient is charged (A6)
spans as (
    select
        bal.tenant_id,
        bal.invoice_id,
        bal.share,
        bal.currency_code,
        bal.outstanding_amount,
        spa.is_payable_in_parts,
        case
            when spa.is_payable_in_parts then bal.valid_from
            else greatest(bal.valid_from, bal.patient_charged_date)
        end as stands_from,
        case
            when spa.is_payable_in_parts and bal.share = 'payer'
                then least(bal.valid_to, bal.patient_charged_date)
            else bal.valid_to
        end as stands_to,
        greatest(coalesce(inv.due_date, bal.first_date), bal.moved_date) as due_date
    from balances as bal
    left join invoices as inv
        on bal.tenant_id = inv.tenant_id and bal.invoice_id = inv.invoice_id
    inner join (values (true), (false)) as spa (is_payable_in_parts)
        on
            case
                when bal.share = 'patient' then spa.is_payable_in_parts
                when spa.is_payable_in_parts
                    then coalesce(bal.patient_charged_date > bal.valid_from, true)
                else bal.patient_charged_date < bal.valid_to
            end
    where bal.outstanding_amount <> 0
),

-- kept, as are the passages: else the planner reckons each amount once for every bucket
settled_parts as materialized (
    {{ with_instalments('spans') }}
),

ordered_days as materialized (
    select
        tenant_id,
        array_agg(as_of_date order by as_of_date) as as_of_dates
    from trend_days
    group by tenant_id
),

dated_buckets as materialized (
    select
        buc.tenant_id,
        buc.bucket_number,
        buc.days_from,
        buc.days_to,
        day.as_of_dates
    from buckets_passed as buc
    inner join ordered_days as day on buc.tenant_id = day.tenant_id
),

-- a part comes into a bucket one day and leaves it another, if it is not settled before:
-- it is seen from the first day shown since then to that before the first it has left
passages as materialized (
    select
        par.tenant_id,
        par.share,
        par.currency_code,
        buc.bucket_number,
        par.open_from_part - par.open_after_part as open_amount,
        width_bucket(
            greatest(par.stands_from, par.part_due_date + buc.days_from) - 1,
            buc.as_of_dates
        ) as days_before,
        width_bucket(
            least(par.stands_to, par.part_due_date + buc.days_to + 1) - 1,
            buc.as_of_dates
        ) as days_until
    from settled_parts as par
    -- left: the planner takes an inner join for one row, and then sorts movements where it had
    -- better hash them
    left join dated_buckets as buc
        on
            par.tenant_id = buc.tenant_id
            and par.stands_to
            > coalesce(par.part_due_date + buc.days_from, par.stands_from)
            and par.stands_from
            <= coalesce(par.part_due_date + buc.days_to, par.stands_from)
),

-- what comes and goes between two shown days is not seen, nor is a span that is empty
movements as (
    select
        tenant_id,
        share,
        currency_code,
        bucket_number,
        open_amount as amount,
        days_before,
        null::date as as_of_date
    from passages
    where days_before < days_until
    union all
    select
        tenant_id,
        share,
        currency_code,
        bucket_number,
        -open_amount as amount,
        days_until as days_before,
        null::date as as_of_date
    from passages
    where days_before < days_until
    union all
    select
        day.tenant_id,
        sha.share,
        cur.currency_code,
        buc.bucket_number,
        0 as amount,
        one.day_number - 1 as days_before,
        one.as_of_date
    from ordered_days as day
    cross join
        lateral unnest(day.as_of_dates) with ordinality as one (as_of_date, day_number)
    inner join shown_currencies as cur on day.tenant_id = cur.tenant_id
    inner join shown_buckets as buc on day.tenant_id = buc.tenant_id
    cross join unnest(array['patient', 'payer']) as sha (share)
),

-- by the day first, which sorts faster than texts do
daily_movements as (
    select
        tenant_id,
        share,
        currency_code,
        bucket_number,
        sum(amount) as amount,
        max(as_of_date) as as_of_date,
        days_before
    from movements
    group by days_before, bucket_number, share, currency_code, tenant_id
),

balances_by_day as (
    select
        tenant_id,
        share,
        currency_code,
        bucket_number,
        sum(amount) over (
            partition by tenant_id, share, currency_code, bucket_number
            order by days_before
        ) as gross_amount,
        as_of_date
    from daily_movements
),

labelled_buckets as (
    select
        bal.tenant_id,
        bal.share,
        bal.currency_code,
        bal.bucket_number,
        buc.bucket_code,
        buc.bucket_label,
        bal.gross_amount::numeric(18, 4) as gross_amount,
        extract(day from bal.as_of_date + 1) = 1 as is_month_end,
        bal.as_of_date
    from balances_by_day as bal
    inner join shown_buckets as buc
        on
            bal.tenant_id = buc.tenant_id
            and bal.bucket_number = buc.bucket_number
    where bal.as_of_date is not null
)

select * from labelled_buckets
