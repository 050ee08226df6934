{# A5, A11: on the last day and at the month end before, the ageing by any age, the debtors and
   the roll-forward sum to the receivable and unapplied credit of the journal, per tenant and
   currency #}
{%- set reports = [
    ('ar_aging', 'gross_amount', 'unapplied_credit_amount'),
    ('ar_aging_debtors', 'gross_amount', 'unapplied_credit_amount'),
    ('ar_aging_breakdown', 'gross_amount', none),
    ('ar_aging_breakdown', 'gross_by_invoice_date_amount', none),
    ('ar_roll_forward', 'closing_amount', none),
] %}
with periods as (
    select * from {{ in_turn('reporting_periods') }}
),

account_movements as (
    select * from {{ ref('account_movements_daily') }}
),

tested_days as (
    {{ tested_days('periods') }}
),

-- each report is read in its place: a relation named twice would be read for all days
measures as (
    {%- for mart, gross, unapplied in reports %}
        select
            day.tenant_id,
            day.as_of_date,
            '{{ mart }}' as report,
            '{{ gross }}' as measure,
            rep.currency_code,
            rep.gross as gross_amount,
            rep.unapplied as unapplied_credit_amount
        from tested_days as day
        inner join lateral (
            select
                inn.currency_code,
                inn.{{ gross }} as gross,
                {{ 'inn.' ~ unapplied if unapplied else '0' }} as unapplied
            from {{ ref(mart) }} as inn
            where inn.tenant_id = day.tenant_id and inn.as_of_date = day.as_of_date
            offset 0
        ) as rep on true
        union all
    {%- endfor %}
    select
        day.tenant_id,
        day.as_of_date,
        rep.report,
        rep.measure,
        mov.currency_code,
        case mov.account
            when 'receivable' then mov.credit_amount - mov.debit_amount
            else 0
        end as gross_amount,
        case
            when mov.account = 'unapplied_credit' and rep.has_unapplied
                then mov.debit_amount - mov.credit_amount
            else 0
        end as unapplied_credit_amount
    from tested_days as day
    inner join account_movements as mov
        on
            day.tenant_id = mov.tenant_id
            and day.as_of_date >= mov.business_date
            and mov.account in ('receivable', 'unapplied_credit')
    cross join (
        values
        {%- for mart, gross, unapplied in reports %}
            ('{{ mart }}', '{{ gross }}', {{ unapplied is not none }})
            {{- ',' if not loop.last }}
        {%- endfor %}
    ) as rep (report, measure, has_unapplied)
),

differing_balances as (
    select
        tenant_id,
        as_of_date,
        report,
        measure,
        currency_code,
        sum(gross_amount) as gross_difference,
        sum(unapplied_credit_amount) as unapplied_difference
    from measures
    group by tenant_id, as_of_date, report, measure, currency_code
    having sum(gross_amount) <> 0 or sum(unapplied_credit_amount) <> 0
)

select * from differing_balances
