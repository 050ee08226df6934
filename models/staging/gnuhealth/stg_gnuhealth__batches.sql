{# grain: one row per tenant and lot it has moved #}
with stock_moves as (
    select * from {{ source('gnuhealth', 'stock_move') }}
),

lots as (
    select * from {{ source('gnuhealth', 'stock_lot') }}
),

-- distinct: a lot is moved many times
batches as (
    select distinct
        mov.tenant_id,
        lot.id as batch_id,
        lot.product as product_id,
        lot.number as batch_number,
        case when {{ is_dated('lot.expiration_date') }} then lot.expiration_date end
            as expiry_date
    from stock_moves as mov
    inner join lots as lot on mov.source_id = lot.source_id and mov.lot = lot.id
)

select * from batches
