{# grain: one row per payer #}
with payers as (
    select * from {{ from_systems('payers') }}
),

listed_payers as (
    select
        tenant_id,
        payer_id,
        payer_name,
        payer_type,
        terms_days
    from payers
)

select * from listed_payers
