{# grain: one row per entry of the inventory ledger, which is one leg of a movement #}
with inventory_ledger as (
    select * from {{ source('hms', 'inventory_ledger') }}
),

tenants as (
    select * from {{ ref('stg_hms__tenants') }}
),

products as (
    select * from {{ source('hms', 'products') }}
),

locations as (
    select * from {{ source('hms', 'locations') }}
),

judged_movements as (
    select
        mov.*,
        {{ business_date('mov.moved_at', 'ten') }} as movement_date,
        case
            when ten.tenant_id is null then 'stock movement without its tenant'
            when ten.reject_reason is not null then ten.reject_reason
            when pro.id is null then 'stock movement without its product'
            when loc.id is null then 'stock movement without its location'
            when mov.movement_type is null then 'stock movement without a type'
            when
                (mov.quantity <> 0 and {{ is_bounded('mov.quantity') }}) is not true
                then 'stock movement without a valid quantity'
            when
                not {{ is_bounded('mov.unit_cost', 10) }}
                or not {{ is_bounded('mov.quantity * mov.unit_cost') }}
                then 'stock movement without a valid cost'
            when not {{ is_dated('mov.moved_at') }}
                then 'stock movement without its date'
        end as reject_reason,
        to_jsonb(mov.*) - 'landed_in' as raw_row
    from inventory_ledger as mov
    left join tenants as ten on mov.tenant_id = ten.tenant_id
    left join products as pro
        on mov.tenant_id = pro.tenant_id and mov.product_id = pro.id
    left join locations as loc
        on mov.tenant_id = loc.tenant_id and mov.location_id = loc.id
),

stock_movements as (
    select
        tenant_id,
        id as movement_id,
        case when quantity < 0 then 'out' else 'in' end as leg,
        product_id,
        batch_id,
        location_id,
        movement_type,
        quantity,
        unit_cost,
        movement_date,
        updated_at as recorded_at,
        reject_reason,
        case when reject_reason is not null then raw_row end as rejected_row
    from judged_movements
)

select * from stock_movements
