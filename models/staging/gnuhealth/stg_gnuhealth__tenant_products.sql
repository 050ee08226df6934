{# grain: one row per tenant and product it stocks, invoices or prices #}
with stock_moves as (
    select * from {{ source('gnuhealth', 'stock_move') }}
),

invoice_lines as (
    select * from {{ source('gnuhealth', 'account_invoice_line') }}
),

cost_prices as (
    select * from {{ source('gnuhealth', 'product_cost_price') }}
),

-- products are shared by all companies; a tenant sees the ones it uses
tenant_products as (
    select
        tenant_id,
        source_id,
        product as product_id
    from stock_moves
    union distinct
    select
        tenant_id,
        source_id,
        product
    from invoice_lines
    where product is not null
    union distinct
    select
        tenant_id,
        source_id,
        product
    from cost_prices
    where product is not null
)

select * from tenant_products
