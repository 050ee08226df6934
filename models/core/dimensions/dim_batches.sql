{# grain: one row per batch of a product #}
with batches as (
    select * from {{ from_systems('batches') }}
),

listed_batches as (
    select
        tenant_id,
        batch_id,
        product_id,
        batch_number,
        expiry_date
    from batches
)

select * from listed_batches
