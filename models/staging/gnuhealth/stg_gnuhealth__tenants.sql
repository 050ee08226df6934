{# grain: one row per company #}
with companies as (
    select * from {{ source('gnuhealth', 'company_company') }}
),

parties as (
    select * from {{ source('gnuhealth', 'party_party') }}
),

currencies as (
    select * from {{ source('gnuhealth', 'currency_currency') }}
),

time_zones as (
    select * from {{ ref('time_zones') }}
),

known_currencies as (
    select * from {{ ref('currencies') }}
),

-- dates are local to the company already: without a time zone only instants need one
tenants as (
    select
        com.tenant_id,
        com.source_id,
        coalesce(par.name, com.tenant_id) as tenant_name,
        cur.code as currency_code,
        zon.time_zone,
        0 as day_cutoff_minutes,
        -- Tryton's own decimals: an imported currency has two, the yen as well
        greatest(cur.digits, kno.exponent) as currency_exponent,
        case
            when zon.time_zone is null
                then 'tenant with unknown time zone ' || com.timezone
            when cur.code is null then 'tenant without a currency'
            when kno.currency_code is null
                then 'tenant with unknown currency ' || cur.code
        end as reject_reason
    from companies as com
    left join parties as par
        on com.source_id = par.source_id and com.party = par.id
    left join currencies as cur
        on com.source_id = cur.source_id and com.currency = cur.id
    left join time_zones as zon
        on coalesce(nullif(com.timezone, ''), 'UTC') = zon.time_zone
    left join known_currencies as kno on cur.code = kno.currency_code
)

select * from tenants
