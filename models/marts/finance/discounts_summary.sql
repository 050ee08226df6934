{# grain: one row per tenant, business date, department and currency #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

departments as (
    select * from {{ ref('dim_departments') }}
),

department_discounts as (
    select
        tenant_id,
        coalesce(department_id, 0) as department_id,
        currency_code,
        {{ net_credit('revenue') }}::numeric(18, 4) as gross_charge_amount,
        (-{{ net_credit('discounts') }})::numeric(18, 4) as discount_amount,
        -- what a closed month withdraws, be it of a void, is none
        count(distinct row(document_id, line_id)) filter (
            where event_type = 'line_discount' and not is_reversal and carried_to >= 0
        ) as discounted_line_count,
        count(distinct document_id) filter (
            where event_type = 'line_discount' and not is_reversal and carried_to >= 0
        ) as discounted_invoice_count,
        business_date
    from postings
    where {{ moves(['revenue', 'discounts']) }}
    group by
        tenant_id,
        business_date,
        coalesce(department_id, 0),
        currency_code
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
        dis.business_date
    from department_discounts as dis
    left join departments as dep
        on
            dis.tenant_id = dep.tenant_id
            and dis.department_id = dep.department_id
)

select * from labelled_discounts
