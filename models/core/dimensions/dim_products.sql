{# grain: one row per product #}
with products as (
    select * from {{ from_systems('products') }}
),

listed_products as (
    select
        tenant_id,
        product_id,
        product_code,
        product_name,
        product_category,
        unit
    from products
)

select * from listed_products
