{# grain: one row per tenant and product it stocks, invoices or prices #}
with tenant_products as (
    select * from {{ ref('stg_gnuhealth__tenant_products') }}
),

products as (
    select * from {{ source('gnuhealth', 'product_product') }}
),

templates as (
    select * from {{ source('gnuhealth', 'product_template') }}
),

categories as (
    select * from {{ source('gnuhealth', 'product_category') }}
),

units as (
    select * from {{ source('gnuhealth', 'product_uom') }}
),

tenant_labels as (
    select
        ten.tenant_id,
        ten.product_id,
        nullif(concat(tem.code, pro.suffix_code), '') as product_code,
        tem.name as product_name,
        cat.name as product_category,
        uom.symbol as unit
    from tenant_products as ten
    inner join products as pro
        on ten.source_id = pro.source_id and ten.product_id = pro.id
    inner join templates as tem
        on pro.source_id = tem.source_id and pro.template = tem.id
    left join categories as cat
        on tem.source_id = cat.source_id and tem.account_category = cat.id
    left join units as uom
        on tem.source_id = uom.source_id and tem.default_uom = uom.id
)

select * from tenant_labels
