{# grain: one row per source row that could not land #}
with landing_rows as (
    select * from {{ source('quarantine', 'rows') }}
),

quarantined_rows as (
    select
        lan.tenant_id,
        lan.entity,
        lan.row_id as document_id,
        lan.row_id,
        lan.reason as reject_reason,
        lan.row_data as rejected_row,
        lan.recorded_at
    from landing_rows as lan
    where lan.tenant_id is not null
)

select * from quarantined_rows
