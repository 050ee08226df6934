{# grain: one row per tenant and insurance company it has invoiced #}
with invoices as (
    select * from {{ source('gnuhealth', 'account_invoice') }}
),

parties as (
    select * from {{ source('gnuhealth', 'party_party') }}
),

-- distinct: an insurer has many invoices
payers as (
    select distinct
        inv.tenant_id,
        par.id as payer_id,
        par.name as payer_name,
        coalesce(par.insurance_company_type, 'insurance') as payer_type,
        null::int as terms_days
    from invoices as inv
    inner join parties as par
        on inv.source_id = par.source_id and inv.party = par.id
    where par.is_insurance_company
)

select * from payers
