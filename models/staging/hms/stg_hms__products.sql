{# grain: one row per product #}
with products as (
    select * from {{ source('hms', 'products') }}
),

renamed_products as (
    select
        pro.tenant_id,
        pro.id as product_id,
        pro.code as product_code,
        pro.name as product_name,
        pro.category as product_category,
        pro.unit
    from products as pro
)

select * from renamed_products
