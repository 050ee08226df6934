{# grain: one row per done stock move and end of it #}
with stock_moves as (
    select * from {{ source('gnuhealth', 'stock_move') }}
),

tenants as (
    select * from {{ ref('stg_gnuhealth__tenants') }}
),

from_locations as (
    select * from {{ source('gnuhealth', 'stock_location') }}
),

to_locations as (
    select * from {{ source('gnuhealth', 'stock_location') }}
),

done_moves as (
    select
        mov.*,
        fro.type as from_type,
        tos.type as to_type,
        -- float8 becomes numeric by its shortest text: 0.1 stays 0.1
        mov.internal_quantity::text::numeric as moved_quantity,
        case
            when ten.tenant_id is null then 'stock movement without its tenant'
            when ten.reject_reason is not null then ten.reject_reason
            when fro.id is null or tos.id is null
                then 'stock movement without its location'
            when not {{ is_bounded('mov.internal_quantity::text::numeric') }}
                then 'stock movement without a valid quantity'
            when
                not {{ is_bounded('mov.cost_price', 10) }}
                or not {{ is_bounded(
                    'mov.internal_quantity::text::numeric * mov.cost_price'
                ) }}
                then 'stock movement without a valid cost'
            when not {{ is_dated('mov.effective_date') }}
                then 'stock movement without its date'
        end as reject_reason,
        to_jsonb(mov.*) - 'landed_in' as raw_row
    from stock_moves as mov
    left join tenants as ten on mov.tenant_id = ten.tenant_id
    left join from_locations as fro
        on mov.source_id = fro.source_id and mov.from_location = fro.id
    left join to_locations as tos
        on mov.source_id = tos.source_id and mov.to_location = tos.id
    where mov.state = 'done'
),

stock_movements as (
    select
        mov.tenant_id,
        mov.id as movement_id,
        leg.leg,
        mov.product as product_id,
        mov.lot as batch_id,
        case leg.leg when 'in' then mov.to_location else mov.from_location end
            as location_id,
        case
            when mov.from_type = 'supplier' then 'receipt'
            when mov.to_type = 'supplier' then 'supplier_return'
            when mov.to_type = 'customer' then 'issue'
            when mov.from_type = 'customer' then 'return'
            when 'lost_found' in (mov.from_type, mov.to_type) then 'adjustment'
            when 'production' in (mov.from_type, mov.to_type) then 'production'
            else 'transfer'
        end as movement_type,
        case leg.leg when 'in' then mov.moved_quantity else -mov.moved_quantity end
            as quantity,
        mov.cost_price as unit_cost,
        mov.effective_date as movement_date,
        greatest(mov.create_date, mov.write_date) at time zone 'UTC' as recorded_at,
        mov.reject_reason,
        case when mov.reject_reason is not null then mov.raw_row end as rejected_row
    from done_moves as mov
    cross join unnest(array['out', 'in']) as leg (leg)
    -- a move is set aside once
    where mov.reject_reason is null or leg.leg = 'out'
)

select * from stock_movements
