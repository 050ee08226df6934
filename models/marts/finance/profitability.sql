{# grain: one row per tenant, month and product #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

stock_movements as (
    select * from {{ ref('fct_stock_movements') }}
),

products as (
    select * from {{ ref('dim_products') }}
),

tenants as (
    select * from {{ ref('dim_tenants') }}
),

product_revenue as (
    select
        tenant_id,
        product_id,
        {{ net_revenue('base_amount') }} as net_revenue_base_amount,
        date_trunc('month', business_date)::date as month_start_date
    from postings
    where
        product_id is not null
        and {{ moves(revenue_accounts()) }}
    group by tenant_id, date_trunc('month', business_date), product_id
),

-- S5: what was handed out, at its cost then, less what came back
product_costs as (
    select
        tenant_id,
        product_id,
        sum(-quantity)::numeric(18, 4) as issued_quantity,
        coalesce(sum(-quantity * unit_cost), 0)::numeric(18, 4) as cost_amount,
        sum(-quantity) filter (where unit_cost is null)::numeric(18, 4)
            as uncosted_quantity,
        date_trunc('month', movement_date)::date as month_start_date
    from stock_movements
    where movement_type in ('sale', 'dispense', 'sale_return', 'issue', 'return')
    group by tenant_id, date_trunc('month', movement_date), product_id
),

product_months as (
    select
        coalesce(rev.tenant_id, cos.tenant_id) as tenant_id,
        coalesce(rev.product_id, cos.product_id) as product_id,
        coalesce(rev.net_revenue_base_amount, 0)::numeric(18, 4) as net_revenue_amount,
        coalesce(cos.issued_quantity, 0)::numeric(18, 4) as issued_quantity,
        coalesce(cos.uncosted_quantity, 0)::numeric(18, 4) as uncosted_quantity,
        cos.product_id is not null
        and cos.uncosted_quantity is null as is_cost_known,
        coalesce(cos.cost_amount, 0)::numeric(18, 4) as cost_amount,
        coalesce(rev.month_start_date, cos.month_start_date) as month_start_date
    from product_revenue as rev
    full outer join product_costs as cos
        on
            rev.tenant_id = cos.tenant_id
            and rev.product_id = cos.product_id
            and rev.month_start_date = cos.month_start_date
),

margins as (
    select
        mon.tenant_id,
        mon.product_id,
        pro.product_code,
        coalesce(pro.product_name, 'Unknown product') as product_name,
        ten.currency_code,
        mon.net_revenue_amount,
        mon.issued_quantity,
        mon.uncosted_quantity,
        mon.is_cost_known,
        mon.cost_amount,
        case
            when mon.is_cost_known then (mon.net_revenue_amount - mon.cost_amount)
        end::numeric(18, 4) as margin_amount,
        case
            when mon.is_cost_known
                then
                    (mon.net_revenue_amount - mon.cost_amount)
                    * 100 / nullif(mon.net_revenue_amount, 0)
        end::numeric(30, 2) as margin_percent,
        mon.month_start_date
    from product_months as mon
    inner join tenants as ten on mon.tenant_id = ten.tenant_id
    left join products as pro
        on mon.tenant_id = pro.tenant_id and mon.product_id = pro.product_id
)

select * from margins
