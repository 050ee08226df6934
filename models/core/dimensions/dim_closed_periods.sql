{# grain: one row per closing in force #}
with closings as (
    select * from {{ ref('stg_almoner__closed_periods') }}
),

closed_periods as (
    select
        tenant_id,
        closing_id,
        release_id,
        late_changes,
        starts_on,
        ends_before
    from closings
)

select * from closed_periods
