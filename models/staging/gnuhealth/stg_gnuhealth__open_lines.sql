{# grain: one row per receivable or payable line of a posted move #}
with owned_lines as (
    select * from {{ ref('stg_gnuhealth__owned_lines') }}
),

invoices as (
    select * from {{ ref('stg_gnuhealth__invoice_currencies') }}
),

currencies as (
    select * from {{ source('gnuhealth', 'currency_currency') }}
),

parties as (
    select * from {{ source('gnuhealth', 'party_party') }}
),

-- an invoice's lines count in the invoice's currency, other lines in their own
invoice_lines as (
    select
        lin.*,
        coalesce(lin.moved_invoice_id, lin.paid_invoice_id) as invoice_id,
        inv.invoice_kind,
        inv.party_id as invoice_party_id,
        inv.company_rate,
        inv.digits,
        coalesce(lin.second_currency_id, lin.company_currency_id) as line_currency_id,
        coalesce(lin.amount_second_currency, lin.base_amount) as line_amount,
        case
            when inv.company_rate is null
                then coalesce(lin.second_currency_id, lin.company_currency_id)
            else inv.currency_id
        end as currency_id
    from owned_lines as lin
    left join invoices as inv
        on
            lin.tenant_id = inv.tenant_id
            and inv.invoice_id = coalesce(lin.moved_invoice_id, lin.paid_invoice_id)
),

open_lines as (
    select
        lin.tenant_id,
        lin.source_id,
        lin.move_id,
        lin.line_id,
        lin.reconciliation_id,
        lin.invoice_id,
        lin.moved_invoice_id,
        -- an account may need no party; the invoice has one
        coalesce(lin.party_id, lin.invoice_party_id) as patient_id,
        lin.invoice_kind,
        lin.ledger_account,
        cur.code as currency_code,
        cur.digits,
        case
            when lin.currency_id = lin.line_currency_id then lin.line_amount
            else round(lin.base_amount * lin.company_rate, lin.digits)
        end as amount,
        lin.base_amount,
        lin.is_receivable,
        coalesce(par.is_insurance_company, false) as is_payer,
        lin.second_currency_id is not null as has_second_currency,
        lin.move_date
    from invoice_lines as lin
    left join currencies as cur
        on lin.source_id = cur.source_id and lin.currency_id = cur.id
    left join parties as par
        on lin.source_id = par.source_id and lin.party_id = par.id
)

select * from open_lines
