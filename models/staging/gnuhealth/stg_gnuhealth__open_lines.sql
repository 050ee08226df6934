{# grain: one row per receivable or payable line of a posted move #}
with owned_lines as (
    select * from {{ ref('stg_gnuhealth__owned_lines') }}
),

invoices as (
    select * from {{ ref('stg_gnuhealth__invoice_currencies') }}
),

companies as (
    select * from {{ source('gnuhealth', 'company_company') }}
),

currencies as (
    select * from {{ source('gnuhealth', 'currency_currency') }}
),

parties as (
    select * from {{ source('gnuhealth', 'party_party') }}
),

-- an invoice's lines count in its currency; other lines in their own
currency_lines as (
    select
        lin.*,
        inv.invoice_kind,
        inv.company_rate,
        coalesce(par.is_insurance_company, false) as is_payer,
        inv.currency_id is null or (
            inv.currency_id <> com.currency
            and inv.currency_id is distinct from lin.second_currency_id
            and inv.company_rate is null
        ) as is_own_currency,
        coalesce(inv.currency_id, lin.second_currency_id, com.currency)
            as invoice_currency_id,
        coalesce(lin.second_currency_id, com.currency) as line_currency_id,
        com.currency as company_currency_id
    from owned_lines as lin
    inner join companies as com on lin.tenant_id = com.tenant_id
    left join invoices as inv
        on
            lin.tenant_id = inv.tenant_id
            and inv.invoice_id = coalesce(lin.moved_invoice_id, lin.paid_invoice_id)
    left join parties as par
        on lin.source_id = par.source_id and lin.party_id = par.id
)

select * from currency_lines
