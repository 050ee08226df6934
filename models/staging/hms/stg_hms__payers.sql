{# grain: one row per payer #}
with insurance_payers as (
    select * from {{ source('hms', 'insurance_payers') }}
),

payers as (
    select
        pay.tenant_id,
        pay.id as payer_id,
        pay.name as payer_name,
        pay.payer_type,
        -- terms beyond a century are none
        case when pay.terms_days between 0 and 36500 then pay.terms_days end
            as terms_days
    from insurance_payers as pay
)

select * from payers
