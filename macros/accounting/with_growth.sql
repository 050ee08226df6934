{#- A CTE of months with how much an amount grew since the month before and since the same
    month of the year before (K). Only complete months are compared, and both are named. -#}
{% macro with_growth(months, amount, members) -%}
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
        com.*,
        case
            when com.previous_month_start_date >= com.first_date
                then coalesce(sum(com.{{ amount }}) over month_before, 0)::numeric(18, 4)
        end as previous_amount,
        case
            when com.last_year_month_start_date >= com.first_date
                then coalesce(sum(com.{{ amount }}) over year_before, 0)::numeric(18, 4)
        end as last_year_amount
    from (
        select
            mon.*,
            min(mon.first_business_date) over ten as first_date,
            mon.month_start_date >= min(mon.first_business_date) over ten
            and mon.month_start_date + interval '1 month' <= per.last_data_date + 1
                as is_complete,
            (mon.month_start_date - interval '1 month')::date
                as previous_month_start_date,
            (mon.month_start_date - interval '1 year')::date
                as last_year_month_start_date
        from {{ months }} as mon
        inner join {{ ref('reporting_periods') }} as per on mon.tenant_id = per.tenant_id
        window ten as (partition by mon.tenant_id)
    ) as com
    window
        members as (
            partition by com.{{ (['tenant_id', 'currency_code'] + members) | join(', com.') }}
            order by com.month_start_date
        ),
        month_before as (
            members range between interval '1 month' preceding
            and interval '1 month' preceding
        ),
        year_before as (
            members range between interval '1 year' preceding
            and interval '1 year' preceding
        )
) as kno
{%- endmacro %}
