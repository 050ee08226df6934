{# grain: one row per tenant, as-of date, key figure and currency #}
{%- set measures = [
    'gross_receivable', 'net_receivable', 'over_90', 'net_revenue', 'gross_charges',
    'collectable_charges', 'charity_care', 'collections', 'net_collections', 'invoices',
    'patient_cash', 'bad_debt', 'submitted', 'submitted_claims', 'denied', 'denied_claims',
    'previous_net_revenue', 'unbilled'
] %}
with revenue_dates as (
    select * from {{ ref('reporting_days') }}
),

invoice_dates as (
    select * from {{ ref('reporting_days') }}
),

cash_dates as (
    select * from {{ ref('reporting_days') }}
),

write_off_dates as (
    select * from {{ ref('reporting_days') }}
),

claim_dates as (
    select * from {{ ref('reporting_days') }}
),

earlier_dates as (
    select * from {{ ref('reporting_days') }}
),

unbilled_dates as (
    select * from {{ ref('reporting_days') }}
),

aged_invoices as (
    select * from {{ ref('ar_aging_invoices') }}
),

unapplied_credits as (
    select * from {{ ref('unapplied_credits') }}
),

revenue_point_days as (
    select * from {{ ref('revenue_point_daily') }}
),

earlier_point_days as (
    select * from {{ ref('revenue_point_daily') }}
),

invoices as (
    select * from {{ ref('fct_invoices') }}
),

patient_cash_days as (
    select * from {{ ref('patient_cash_daily') }}
),

known_cash_days as (
    select * from {{ ref('patient_cash_daily') }}
),

-- distinct: tenants of which patients' cash is on record
known_cash as (
    select distinct tenant_id from known_cash_days
),

write_offs as (
    select * from {{ ref('write_offs') }}
),

claims as (
    select * from {{ ref('fct_claims') }}
),

unbilled_charges as (
    select * from {{ ref('fct_unbilled_charges') }}
),

periods as (
    select * from {{ ref('reporting_periods') }}
),

aged_sums as (
    select
        tenant_id,
        currency_code,
        sum(outstanding_amount) as outstanding_amount,
        sum(outstanding_amount) filter (where days_past_due > 90) as over_90_amount,
        as_of_date
    from aged_invoices
    group by tenant_id, as_of_date, currency_code
),

revenue_sums as (
    select
        day.tenant_id,
        rev.currency_code,
        sum(rev.net_revenue_amount) as net_revenue_amount,
        sum(rev.gross_charge_amount) as gross_charge_amount,
        sum(rev.contractual_adjustment_amount) as contractual_adjustment_amount,
        sum(rev.charity_care_amount) as charity_care_amount,
        sum(rev.collection_amount) as collection_amount,
        sum(rev.refund_amount) as refund_amount,
        day.as_of_date
    from revenue_dates as day
    inner join revenue_point_days as rev
        on
            day.tenant_id = rev.tenant_id
            and rev.business_date between day.as_of_date - 89 and day.as_of_date
    group by day.tenant_id, day.as_of_date, rev.currency_code
),

-- balances at the end of the day, and what happened in the 90 days that end with it
measures as (
    select
        age.tenant_id,
        age.currency_code,
        mea.measure,
        mea.amount,
        age.as_of_date
    from aged_sums as age
    cross join
        lateral (
            values
            ('gross_receivable', age.outstanding_amount),
            ('net_receivable', age.outstanding_amount),
            ('over_90', age.over_90_amount)
        ) as mea (measure, amount)
    union all
    select
        tenant_id,
        currency_code,
        'net_receivable' as measure,
        -unapplied_credit_amount as amount,
        as_of_date
    from unapplied_credits
    union all
    select
        rev.tenant_id,
        rev.currency_code,
        mea.measure,
        mea.amount,
        rev.as_of_date
    from revenue_sums as rev
    cross join
        lateral (
            values
            ('net_revenue', rev.net_revenue_amount),
            ('gross_charges', rev.gross_charge_amount),
            (
                'collectable_charges',
                rev.gross_charge_amount - rev.contractual_adjustment_amount
            ),
            ('charity_care', rev.charity_care_amount),
            ('collections', rev.collection_amount),
            ('net_collections', rev.collection_amount - rev.refund_amount)
        ) as mea (measure, amount)
    union all
    select
        day.tenant_id,
        inv.currency_code,
        'invoices' as measure,
        count(*) as amount,
        day.as_of_date
    from invoice_dates as day
    inner join invoices as inv
        on
            day.tenant_id = inv.tenant_id
            and inv.invoice_date between day.as_of_date - 89 and day.as_of_date
    group by day.tenant_id, day.as_of_date, inv.currency_code
    union all
    select
        day.tenant_id,
        cas.currency_code,
        'patient_cash' as measure,
        cas.net_cash_amount as amount,
        day.as_of_date
    from cash_dates as day
    inner join patient_cash_days as cas
        on
            day.tenant_id = cas.tenant_id
            and cas.business_date between day.as_of_date - 89 and day.as_of_date
    union all
    select
        day.tenant_id,
        wri.currency_code,
        'bad_debt' as measure,
        wri.amount * mov.sign as amount,
        day.as_of_date
    from write_off_dates as day
    inner join write_offs as wri
        on
            day.tenant_id = wri.tenant_id
            and wri.is_posted
            and wri.category in ('bad_debt', 'uncollectible')
    cross join
        lateral (values (1, wri.business_date), (-1, wri.reversal_date))
            as mov (sign, moved_date)
    where mov.moved_date between day.as_of_date - 89 and day.as_of_date
    union all
    select
        day.tenant_id,
        clm.currency_code,
        mea.measure,
        mea.amount,
        day.as_of_date
    from claim_dates as day
    inner join claims as clm
        on
            day.tenant_id = clm.tenant_id
            and clm.submission_date between day.as_of_date - 89 and day.as_of_date
    -- a later decision does not count
    cross join
        lateral (
            values (
                case
                    when clm.decision_date <= day.as_of_date then clm.denied_amount
                    else 0
                end
            )
        ) as den (amount)
    cross join
        lateral (
            values
            ('submitted', clm.claimed_amount),
            ('submitted_claims', 1),
            ('denied', den.amount),
            ('denied_claims', case when den.amount > 0 then 1 else 0 end)
        ) as mea (measure, amount)
    union all
    select
        day.tenant_id,
        rev.currency_code,
        'previous_net_revenue' as measure,
        sum(rev.net_revenue_amount) as amount,
        day.as_of_date
    from earlier_dates as day
    inner join earlier_point_days as rev
        on
            day.tenant_id = rev.tenant_id
            and rev.business_date between day.as_of_date - 179 and day.as_of_date - 90
    group by day.tenant_id, day.as_of_date, rev.currency_code
    union all
    -- a later issue does not count
    select
        day.tenant_id,
        unb.currency_code,
        'unbilled' as measure,
        unb.gross_charge_amount as amount,
        day.as_of_date
    from unbilled_dates as day
    inner join unbilled_charges as unb
        on
            day.tenant_id = unb.tenant_id
            and day.as_of_date >= unb.discharge_date
            and coalesce(day.as_of_date < unb.invoice_date, true)
),

sums as (
    select
        tenant_id,
        currency_code,
        {%- for measure in measures %}
            coalesce(sum(amount) filter (where measure = '{{ measure }}'), 0)
                as {{ measure }},
        {%- endfor %}
        as_of_date
    from measures
    group by tenant_id, as_of_date, currency_code
),

-- of each currency of which anything is open or moved
told_sums as (
    select * from sums
    where {{ measures | join(' <> 0 or ') }} <> 0
),

kpis as (
    select
        sums.tenant_id,
        kpi.kpi_number,
        kpi.kpi_code,
        kpi.kpi_name,
        sums.currency_code,
        kpi.unit,
        kpi.numerator::numeric(18, 4) as numerator,
        kpi.denominator::numeric(18, 4) as denominator,
        kpi.factor,
        case
            when kpi.days = 90 or com.is_complete
                then
                    (
                        kpi.numerator * kpi.factor / nullif(kpi.denominator, 0)
                    )::numeric(30, 2)
        end as kpi_value,
        com.is_complete,
        sums.as_of_date - 89 as period_start_date,
        case kpi.days when 180 then sums.as_of_date - 179 end
            as previous_period_start_date,
        sums.as_of_date
    from told_sums as sums
    inner join periods as per on sums.tenant_id = per.tenant_id
    left join known_cash as cas on sums.tenant_id = cas.tenant_id
    -- what nothing is on record of is not known, and no 0
    cross join
        lateral (
            values (
                case when cas.tenant_id is not null then sums.patient_cash end,
                case
                    when per.has_discharges or sums.unbilled <> 0
                        then sums.unbilled
                end
            )
        ) as kno (patient_cash, unbilled)
    cross join
        lateral (
            values
            (
                1, 'net_days_in_receivables', 'Net days in receivables', 'days',
                sums.net_receivable, sums.net_revenue, 90, 90
            ),
            (
                2, 'net_collection_rate', 'Net collection rate', 'percent',
                sums.net_collections, sums.collectable_charges, 100, 90
            ),
            (
                3, 'gross_collection_rate', 'Gross collection rate', 'percent',
                sums.collections, sums.gross_charges, 100, 90
            ),
            (
                4, 'receivables_over_90_days', 'Receivables over 90 days', 'percent',
                sums.over_90, sums.gross_receivable, 100, 90
            ),
            (
                5, 'patient_cash_rate', 'Patient cash of net revenue', 'percent',
                kno.patient_cash, sums.net_revenue, 100, 90
            ),
            (
                6, 'bad_debt_rate', 'Bad debt of gross charges', 'percent',
                sums.bad_debt, sums.gross_charges, 100, 90
            ),
            (
                7, 'charity_care_rate', 'Charity care of gross charges', 'percent',
                sums.charity_care, sums.gross_charges, 100, 90
            ),
            (
                8, 'average_transaction', 'Average transaction value', 'amount',
                sums.net_revenue, sums.invoices, 1, 90
            ),
            (
                9, 'denial_rate', 'Denial rate by amount', 'percent',
                sums.denied, sums.submitted, 100, 90
            ),
            (
                10, 'denial_rate_by_count', 'Denial rate by count', 'percent',
                sums.denied_claims, sums.submitted_claims, 100, 90
            ),
            (
                11, 'net_revenue_growth', 'Growth of net revenue', 'percent',
                sums.net_revenue - sums.previous_net_revenue,
                sums.previous_net_revenue, 100, 180
            ),
            (
                12, 'discharged_not_billed_days', 'Discharged, not billed', 'days',
                kno.unbilled, sums.gross_charges, 90, 90
            )
        ) as kpi (
            kpi_number, kpi_code, kpi_name, unit, numerator, denominator, factor, days
        )
    cross join
        lateral (
            values (
                sums.as_of_date - kpi.days + 1 >= per.first_date
                and sums.as_of_date <= per.last_data_date
            )
        ) as com (is_complete)
)

select * from kpis
