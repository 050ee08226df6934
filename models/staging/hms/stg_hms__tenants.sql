{# grain: one row per hospital #}
with hospitals as (
    select * from {{ source('hms', 'hospitals') }}
),

time_zones as (
    select * from {{ ref('time_zones') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

tenants as (
    select
        hos.tenant_id,
        hos.source_id,
        coalesce(hos.name, hos.tenant_id) as tenant_name,
        hos.currency_code,
        -- null unless PostgreSQL knows the zone, so that no `at time zone` fails
        zon.time_zone,
        coalesce(extract(epoch from hos.day_cutoff) / 60, 0)::integer
            as day_cutoff_minutes,
        null::integer as currency_exponent,
        case
            when coalesce(hos.time_zone, '') = '' then 'tenant without a time zone'
            when zon.time_zone is null
                then 'tenant with unknown time zone ' || hos.time_zone
            when coalesce(hos.currency_code, '') = '' then 'tenant without a currency'
            when cur.currency_code is null
                then 'tenant with unknown currency ' || hos.currency_code
        end as reject_reason
    from hospitals as hos
    left join time_zones as zon on hos.time_zone = zon.time_zone
    left join currencies as cur on hos.currency_code = cur.currency_code
)

select * from tenants
