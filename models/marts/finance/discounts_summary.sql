{# grain: one row per tenant, month, department and currency #}
with days as (
    select * from {{ ref('reporting_days') }}
),

postings as (
    select * from {{ ref('fct_postings') }}
),

departments as (
    select * from {{ ref('dim_departments') }}
),

-- a month is found by its first day: the postings between by their index
months as (
    select
        tenant_id,
        month_start_date,
        (month_start_date + interval '1 month')::date as next_month_start_date
    from days
    group by tenant_id, month_start_date
),

department_discounts as (
    select
        mon.tenant_id,
        coalesce(pos.department_id, 0) as department_id,
        pos.currency_code,
        {{ net_credit('revenue') }}::numeric(18, 4) as gross_charge_amount,
        (-{{ net_credit('discounts') }})::numeric(18, 4) as discount_amount,
        count(distinct row(pos.document_id, pos.line_id)) filter (
            where pos.event_type = 'line_discount' and not pos.is_reversal
        ) as discounted_line_count,
        count(distinct pos.document_id) filter (
            where pos.event_type = 'line_discount' and not pos.is_reversal
        ) as discounted_invoice_count,
        mon.month_start_date
    from months as mon
    inner join lateral (
        select
            inn.department_id,
            inn.document_id,
            inn.line_id,
            inn.event_type,
            inn.debit_account,
            inn.credit_account,
            inn.currency_code,
            inn.amount,
            inn.is_reversal
        from postings as inn
        where
            inn.tenant_id = mon.tenant_id
            and inn.business_date >= mon.month_start_date
            and inn.business_date < mon.next_month_start_date
        offset 0
    ) as pos on true
    where {{ moves(['revenue', 'discounts']) }}
    group by
        mon.tenant_id,
        mon.month_start_date,
        coalesce(pos.department_id, 0),
        pos.currency_code
),

labelled_discounts as (
    select
        dis.tenant_id,
        dis.department_id,
        case
            when dis.department_id = 0 then 'Unattributed'
            else coalesce(dep.department_name, 'Unknown department')
        end as department_name,
        dis.currency_code,
        dis.gross_charge_amount,
        dis.discount_amount,
        (dis.discount_amount * 100 / nullif(dis.gross_charge_amount, 0))::numeric(30, 2)
            as discount_percent,
        dis.discounted_line_count,
        dis.discounted_invoice_count,
        dis.month_start_date
    from department_discounts as dis
    left join departments as dep
        on
            dis.tenant_id = dep.tenant_id
            and dis.department_id = dep.department_id
)

select * from labelled_discounts
