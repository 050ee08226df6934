{# grain: one row per tenant and product, which is what a service is billed as #}
with products as (
    select * from {{ ref('stg_gnuhealth__products') }}
),

services as (
    select
        tenant_id,
        product_id as service_id,
        product_code as service_code,
        product_name as service_name,
        product_category as service_category
    from products
)

select * from services
