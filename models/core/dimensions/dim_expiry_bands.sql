{# grain: one row per tenant and expiry band #}
with tenants as (
    select * from {{ ref('dim_tenants') }}
),

expiry_bands as (
    select * from {{ ref('expiry_bands') }}
),

tenant_bands as (
    select
        ten.tenant_id,
        ban.band_number,
        ban.band_code,
        ban.band_label,
        ban.days_from,
        ban.days_to
    from tenants as ten
    cross join expiry_bands as ban
)

select * from tenant_bands
