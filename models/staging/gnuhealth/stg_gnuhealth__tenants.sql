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

tenants as (
    select
        com.tenant_id,
        com.source_id,
        coalesce(par.name, com.tenant_id) as tenant_name,
        cur.code as currency_code,
        coalesce(nullif(com.timezone, ''), 'UTC') as time_zone,
        0 as day_cutoff_minutes,
        case
            when cur.code is null then 'tenant without a currency'
        end as reject_reason
    from companies as com
    left join parties as par
        on com.source_id = par.source_id and com.party = par.id
    left join currencies as cur
        on com.source_id = cur.source_id and com.currency = cur.id
)

select * from tenants
