{# grain: one row per tenant, business date and currency #}
-- a receipt has one method, but may be for several revenue points
with method_collections as (
    select * from {{ ref('collections_by_method') }}
),

collections as (
    select
        tenant_id,
        currency_code,
        {{ collection_sums() }},
        business_date
    from method_collections
    group by tenant_id, business_date, currency_code
)

select * from collections
