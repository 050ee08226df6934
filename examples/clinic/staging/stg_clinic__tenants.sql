{# grain: one row per clinic #}
with clinics as (
    select * from {{ source('clinic', 'clinics') }}
),

time_zones as (
    select * from {{ ref('time_zones') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

tenants as (
    select
        cli.tenant_id,
        cli.source_id,
        cli.title as tenant_name,
        cli.money as currency_code,
        -- null unless it is known, so that no `at time zone` fails
        zon.time_zone,
        0 as day_cutoff_minutes,
        null::integer as currency_exponent,
        case
            when zon.time_zone is null then 'tenant without a known time zone'
            when cur.currency_code is null then 'tenant without a known currency'
        end as reject_reason
    from clinics as cli
    left join time_zones as zon on cli.zone = zon.time_zone
    left join currencies as cur on cli.money = cur.currency_code
)

select * from tenants
