{# grain: one row per tenant, month, department and currency #}
with department_days as not materialized (
    select * from {{ ref('department_revenue_daily') }}
),

departments as (
    select * from {{ ref('dim_departments') }}
),

reported_months as (
    {{ reported_months('first_revenue_date') }}
),

department_months as (
    {{ revenue_months('reported_months', 'department_days', ['department_id']) }}
),

shared_months as (
    {{ with_shares(
        'department_months',
        'net_revenue_amount',
        ['tenant_id', 'month_start_date', 'currency_code'],
        ['department_id']
    ) }}
),

labelled_months as (
    select
        mon.tenant_id,
        mon.department_id,
        dep.department_code,
        case
            when mon.department_id = 0 then 'Unattributed'
            else coalesce(dep.department_name, 'Unknown department')
        end as department_name,
        mon.currency_code,
        {{ compared_revenue('mon') }}
    from shared_months as mon
    left join departments as dep
        on
            mon.tenant_id = dep.tenant_id
            and mon.department_id = dep.department_id
)

select * from labelled_months
