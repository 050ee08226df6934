{# grain: one row per tenant, entity and reason #}
with quarantined_rows as (
    select * from {{ ref('fct_quarantined_rows') }}
),

counted_reasons as (
    select
        tenant_id,
        entity,
        reject_reason,
        count(*) as row_count,
        min(recorded_at) as first_recorded_at,
        max(recorded_at) as last_recorded_at
    from quarantined_rows
    group by tenant_id, entity, reject_reason
)

select * from counted_reasons
