{#- What a CTE of days sums up to in each of a CTE of months (`reported_months`), with how much an
    amount grew since the month before and since the same month of the year before (K). Only
    complete months are compared, and both are named. The days of these three months are looked
    up for each month that is asked for, and no others, however long the history. -#}
{% macro compared_months(months, days, members, sums, amount, of_days=none) -%}
    {%- set names = members + ['currency_code'] -%}
    {%- set same = [] -%}
    {%- for name in names -%}
        {%- do same.append('thi.' ~ name ~ ' = bef.' ~ name) -%}
    {%- endfor -%}
select
    kno.*,
    case
        when kno.is_complete
            then (
                (kno.{{ amount }} - kno.previous_amount)
                * 100 / nullif(kno.previous_amount, 0)
            )::numeric(30, 2)
    end as previous_growth_percent,
    case
        when kno.is_complete
            then (
                (kno.{{ amount }} - kno.last_year_amount)
                * 100 / nullif(kno.last_year_amount, 0)
            )::numeric(30, 2)
    end as last_year_growth_percent
from (
    select
        mon.tenant_id,
        thi.*,
        case
            when mon.previous_month_start_date >= mon.first_date
                then coalesce(bef.previous_amount, 0)::numeric(18, 4)
        end as previous_amount,
        case
            when mon.last_year_month_start_date >= mon.first_date
                then coalesce(bef.last_year_amount, 0)::numeric(18, 4)
        end as last_year_amount,
        mon.is_complete,
        mon.month_start_date,
        mon.previous_month_start_date,
        mon.last_year_month_start_date
    from {{ months }} as mon
    cross join
        lateral (
            select
                {{ names | join(', ') }},
                {{ sums }}
            from {{ days }}
            where
                tenant_id = mon.tenant_id
                and business_date >= mon.month_start_date
                and business_date < mon.next_month_start_date
            group by {{ names | join(', ') }}
        ) as thi
    left join
        lateral (
            select
                sums.{{ names | join(', sums.') }},
                sum(sums.amount) filter (where not oth.is_last_year) as previous_amount,
                sum(sums.amount) filter (where oth.is_last_year) as last_year_amount
            from (
                values
                (false, mon.previous_month_start_date, mon.month_start_date),
                (
                    true,
                    mon.last_year_month_start_date,
                    mon.last_year_next_month_start_date
                )
            ) as oth (is_last_year, start_date, end_date)
            cross join
                lateral (
                    select
                        {{ names | join(', ') }},
                        sum({{ of_days or amount }}) as amount
                    from {{ days }}
                    where
                        tenant_id = mon.tenant_id
                        and business_date >= oth.start_date
                        and business_date < oth.end_date
                    group by {{ names | join(', ') }}
                ) as sums
            group by sums.{{ names | join(', sums.') }}
        ) as bef
        on {{ same | join(' and ') }}
) as kno
{%- endmacro %}
