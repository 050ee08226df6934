{# grain: one row per batch #}
with batches as (
    select * from {{ source('hms', 'batches') }}
),

renamed_batches as (
    select
        bat.tenant_id,
        bat.id as batch_id,
        bat.product_id,
        bat.batch_number,
        bat.expiry_date
    from batches as bat
)

select * from renamed_batches
