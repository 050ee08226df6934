{# grain: one row per tenant, closed month, figure, department, revenue point and currency #}
with restated_postings as (
    select * from {{ ref('fct_restated_postings') }}
),

current_postings as (
    select * from {{ ref('fct_postings') }}
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

departments as (
    select * from {{ ref('dim_departments') }}
),

revenue_points as (
    select * from {{ ref('dim_revenue_points') }}
),

restated_months as (
    select
        tenant_id,
        closed_in,
        date_trunc('month', business_date)::date as month_start_date
    from restated_postings
    group by tenant_id, closed_in, date_trunc('month', business_date)
),

-- what stands, without a release, and beside it what was added or, with a minus, taken away
changes as (
    select
        pos.tenant_id,
        coalesce(pos.department_id, 0) as department_id,
        pos.event_type,
        pos.debit_account,
        pos.credit_account,
        pos.revenue_point_code,
        pos.currency_code,
        pos.amount,
        pos.base_amount,
        mon.closed_in,
        null::integer as changed_in,
        mon.month_start_date
    from restated_months as mon
    inner join current_postings as pos
        on
            mon.tenant_id = pos.tenant_id
            and mon.month_start_date <= pos.business_date
            and (mon.month_start_date + interval '1 month')::date > pos.business_date
    union all
    select
        tenant_id,
        coalesce(department_id, 0) as department_id,
        event_type,
        debit_account,
        credit_account,
        revenue_point_code,
        currency_code,
        case when is_added then amount else -amount end as amount,
        case when is_added then base_amount else -base_amount end as base_amount,
        closed_in,
        changed_in,
        date_trunc('month', business_date)::date as month_start_date
    from restated_postings
),

account_figures as (
    select
        cha.tenant_id,
        cha.department_id,
        cha.revenue_point_code,
        acc.account as figure,
        acc.account_name as figure_name,
        acc.sort_order,
        cha.currency_code,
        sum(leg.credit_amount * sid.sign) as amount,
        sum(leg.credit_base_amount * sid.sign) as base_amount,
        cha.closed_in,
        cha.changed_in,
        cha.month_start_date
    from changes as cha
    cross join
        lateral (
            values
            (cha.credit_account, cha.amount, cha.base_amount),
            (cha.debit_account, -cha.amount, -cha.base_amount)
        ) as leg (account, credit_amount, credit_base_amount)
    inner join accounts as acc
        on cha.tenant_id = acc.tenant_id and leg.account = acc.account
    cross join
        lateral (
            values (
                case when acc.account_type in ('liability', 'income') then 1 else -1 end
            )
        ) as sid (sign)
    where cha.debit_account <> cha.credit_account
    group by
        cha.tenant_id,
        cha.month_start_date,
        cha.department_id,
        cha.revenue_point_code,
        acc.account,
        acc.account_name,
        acc.sort_order,
        cha.currency_code,
        cha.closed_in,
        cha.changed_in
),

measures as (
    select
        tenant_id,
        department_id,
        revenue_point_code,
        currency_code,
        {{ net_revenue() }} as net_revenue_amount,
        {{ collected() }} as collection_amount,
        {{ refunded() }} as refund_amount,
        {{ net_revenue('base_amount') }} as net_revenue_base_amount,
        {{ collected('base_amount') }} as collection_base_amount,
        {{ refunded('base_amount') }} as refund_base_amount,
        closed_in,
        changed_in,
        month_start_date
    from changes
    group by
        tenant_id,
        month_start_date,
        department_id,
        revenue_point_code,
        currency_code,
        closed_in,
        changed_in
),

measured_figures as (
    select
        mea.tenant_id,
        mea.department_id,
        mea.revenue_point_code,
        fig.figure,
        fig.figure_name,
        fig.sort_order,
        mea.currency_code,
        fig.amount,
        fig.base_amount,
        mea.closed_in,
        mea.changed_in,
        mea.month_start_date
    from measures as mea
    cross join lateral (
        values
        (
            'net_revenue',
            'Net revenue',
            1,
            mea.net_revenue_amount,
            mea.net_revenue_base_amount
        ),
        (
            'collections',
            'Collections',
            2,
            mea.collection_amount,
            mea.collection_base_amount
        ),
        ('refunds', 'Refunds', 3, mea.refund_amount, mea.refund_base_amount)
    ) as fig (figure, figure_name, sort_order, amount, base_amount)
),

figures as (
    select * from account_figures
    union all
    select * from measured_figures
),

compared_figures as (
    select
        tenant_id,
        department_id,
        revenue_point_code,
        figure,
        figure_name,
        sort_order,
        currency_code,
        coalesce(sum(amount) filter (where changed_in is null), 0) as after_amount,
        sum(amount) filter (where changed_in is not null) as change_amount,
        coalesce(sum(base_amount) filter (where changed_in is null), 0)
            as after_base_amount,
        sum(base_amount) filter (where changed_in is not null) as change_base_amount,
        closed_in,
        min(changed_in) filter (where amount <> 0 or base_amount <> 0)
            as first_changed_in,
        max(changed_in) filter (where amount <> 0 or base_amount <> 0)
            as last_changed_in,
        month_start_date
    from figures
    group by
        tenant_id,
        month_start_date,
        figure,
        figure_name,
        sort_order,
        department_id,
        revenue_point_code,
        currency_code,
        closed_in
),

restatements as (
    select
        com.tenant_id,
        com.department_id,
        com.revenue_point_code,
        com.figure,
        com.figure_name,
        case
            when com.department_id = 0 then 'Unattributed'
            else coalesce(dep.department_name, 'Unknown department')
        end as department_name,
        coalesce(poi.revenue_point_name, 'Unknown revenue point') as revenue_point_name,
        com.sort_order,
        com.currency_code,
        (com.after_amount - com.change_amount)::numeric(18, 4) as before_amount,
        com.after_amount::numeric(18, 4) as after_amount,
        com.change_amount::numeric(18, 4) as change_amount,
        com.closed_in,
        com.first_changed_in,
        com.last_changed_in,
        com.month_start_date,
        (com.after_base_amount - com.change_base_amount)::numeric(18, 4)
            as before_base_amount,
        com.after_base_amount::numeric(18, 4) as after_base_amount,
        com.change_base_amount::numeric(18, 4) as change_base_amount
    from compared_figures as com
    left join departments as dep
        on com.tenant_id = dep.tenant_id and com.department_id = dep.department_id
    left join revenue_points as poi
        on
            com.tenant_id = poi.tenant_id
            and com.revenue_point_code = poi.revenue_point_code
    where com.change_amount <> 0 or com.change_base_amount <> 0
)

select * from restatements
