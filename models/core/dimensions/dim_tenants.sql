{# grain: one row per tenant whose rows can be dated and translated #}
with tenants as (
    select * from {{ from_systems('tenants') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

listed_tenants as (
    select
        ten.tenant_id,
        ten.source_id,
        ten.tenant_name,
        ten.currency_code,
        ten.time_zone,
        ten.day_cutoff_minutes,
        coalesce(ten.currency_exponent, cur.exponent) as currency_exponent
    from tenants as ten
    inner join currencies as cur on ten.currency_code = cur.currency_code
    where {{ is_kept('ten') }}
)

select * from listed_tenants
