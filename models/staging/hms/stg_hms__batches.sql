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
        case when {{ is_dated('bat.expiry_date') }} then bat.expiry_date end
            as expiry_date
    from batches as bat
)

select * from renamed_batches
