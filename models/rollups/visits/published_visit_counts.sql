{# grain: one row per tenant, month and part of the month's visits that may be listed #}
with visit_counts as (
    select * from {{ ref('visit_counts') }}
),

policies as (
    select * from {{ ref('dim_tenant_policies') }}
),

-- where each count stands: visits flow from the month through days, departments and
-- types, so what flows into a sum flows out of it
placed_counts as (
    select
        cou.*,
        case cou.breakdown
            when 'month' then 'all'
            when 'day' then 'days'
            when 'department' then 'departments'
            when 'visit_type' then 'type ' || cou.visit_type
            else 'department ' || cou.department_id
        end as tail_sum,
        case cou.breakdown
            when 'month' then 'days'
            when 'day' then 'departments'
            when 'department' then 'department ' || cou.department_id
            when 'visit_type' then 'all'
            else 'type ' || cou.visit_type
        end as head_sum,
        case cou.breakdown
            when 'month' then 0
            when 'department_visit_type' then 2
            else 1
        end as level,
        pol.minimum_patients
    from visit_counts as cou
    left join policies as pol on cou.tenant_id = pol.tenant_id
),

judged_counts as (
    select *
    from {{ judged_counts(
        'placed_counts',
        ['tenant_id', 'month_start_date'],
        'visit_count',
        'patient_count',
        ['breakdown', 'department_id', 'visit_type', 'business_date']
    ) }}
),

-- a month that is small itself, or cannot be shown safely, is not broken down
judged_months as (
    select
        *,
        not bool_or(breakdown = 'day' and status = 2)
            over (partition by tenant_id, month_start_date)
            as is_broken_down
    from judged_counts
),

published_visit_counts as (
    select
        tenant_id,
        breakdown,
        part,
        department_id,
        visit_type,
        case when status <> 1 then visit_count end as visit_count,
        case when status = 0 then patient_count end as patient_count,
        status <> 0 as is_suppressed,
        is_broken_down,
        month_start_date,
        business_date
    from judged_months
    where status <> 2
)

select * from published_visit_counts
