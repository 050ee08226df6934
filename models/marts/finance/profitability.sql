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

revenue_months as (
    {{ reported_months('first_revenue_date') }}
),

cost_months as (
    {{ reported_months('first_revenue_date') }}
),

-- S5: what was handed out, at its cost then, less what came back
measures as (
    select
        mon.tenant_id,
        rev.product_id,
        rev.net_revenue_amount,
        null::numeric as issued_quantity,
        null::numeric as uncosted_quantity,
        null::numeric as cost_amount,
        mon.month_start_date
    from revenue_months as mon
    cross join
        lateral (
            select
                inn.product_id,
                {{ net_revenue('inn.base_amount') }} as net_revenue_amount
            from postings as inn
            where
                inn.tenant_id = mon.tenant_id
                and inn.business_date >= mon.month_start_date
                and inn.business_date < mon.next_month_start_date
                and inn.product_id is not null
                and {{ moves(revenue_accounts()) }}
            group by inn.product_id
        ) as rev
    union all
    select
        mon.tenant_id,
        cos.product_id,
        null::numeric as net_revenue_amount,
        cos.issued_quantity,
        cos.uncosted_quantity,
        cos.cost_amount,
        mon.month_start_date
    from cost_months as mon
    cross join lateral (
        select
            inn.product_id,
            sum(-inn.quantity) as issued_quantity,
            sum(-inn.quantity) filter (where inn.unit_cost is null)
                as uncosted_quantity,
            coalesce(sum(-inn.quantity * inn.unit_cost), 0) as cost_amount
        from stock_movements as inn
        where
            inn.tenant_id = mon.tenant_id
            and inn.movement_date >= mon.month_start_date
            and inn.movement_date < mon.next_month_start_date
            and inn.movement_type
            in ('sale', 'dispense', 'sale_return', 'issue', 'return')
        group by inn.product_id
    ) as cos
),

-- a sum over both: who asks for one month has no other looked up
product_months as (
    select
        tenant_id,
        product_id,
        coalesce(sum(net_revenue_amount), 0)::numeric(18, 4) as net_revenue_amount,
        coalesce(sum(issued_quantity), 0)::numeric(18, 4) as issued_quantity,
        coalesce(sum(uncosted_quantity), 0)::numeric(18, 4) as uncosted_quantity,
        count(issued_quantity) > 0 and count(uncosted_quantity) = 0 as is_cost_known,
        coalesce(sum(cost_amount), 0)::numeric(18, 4) as cost_amount,
        month_start_date
    from measures
    group by tenant_id, month_start_date, product_id
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
