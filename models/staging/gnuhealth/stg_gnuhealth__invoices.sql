{# grain: one row per customer invoice, drafts included, credit notes not #}
with invoices as (
    select * from {{ source('gnuhealth', 'account_invoice') }}
),

tenants as (
    select * from {{ ref('stg_gnuhealth__tenants') }}
),

known_currencies as (
    select * from {{ ref('currencies') }}
),

invoice_currencies as (
    select * from {{ ref('stg_gnuhealth__invoice_currencies') }}
),

moves as (
    select * from {{ source('gnuhealth', 'account_move') }}
),

cancelling_moves as (
    select * from {{ source('gnuhealth', 'account_move') }}
),

parties as (
    select * from {{ source('gnuhealth', 'party_party') }}
),

receivables as (
    select * from {{ ref('stg_gnuhealth__invoice_receivables') }}
),

draft_totals as (
    select * from {{ ref('stg_gnuhealth__draft_totals') }}
),

receivable_totals as (
    select
        tenant_id,
        invoice_id,
        sum(base_amount) / nullif(sum(amount), 0) as base_rate,
        -- of an invoice in parts: its last day; its parts are its instalments
        max(due_date) as due_date
    from receivables
    group by tenant_id, invoice_id
),

customer_invoices as (
    select
        inv.tenant_id,
        inv.id as invoice_id,
        inv.party as patient_id,
        case when par.is_insurance_company then inv.party end as payer_id,
        null::bigint as department_id,
        null::bigint as practitioner_id,
        inv.number as invoice_number,
        'gnuhealth' as source_app,
        icu.currency_code,
        coalesce(rec.base_rate, 1 / nullif(icu.company_rate, 0), 1) as base_rate,
        coalesce(inv.total_amount_cache, dra.net_amount + dra.tax_amount, 0)
            as total_amount,
        coalesce(inv.tax_amount_cache, dra.tax_amount, 0) as tax_amount,
        coalesce(mov.state = 'posted', false) as is_posted,
        case
            when {{ is_dated('inv.invoice_date') }} then inv.invoice_date
            else mov.date
        end as invoice_date,
        rec.due_date,
        -- a move without a valid date does not post (ledger_entries), and cancels nothing
        case when can.state = 'posted' and {{ is_dated('can.date') }} then can.date end
            as void_date,
        greatest(inv.create_date, inv.write_date) at time zone 'UTC' as recorded_at,
        case
            when ten.tenant_id is null then 'invoice without its tenant'
            when ten.reject_reason is not null then ten.reject_reason
            when icu.currency_code is null then 'invoice without its currency'
            when kno.currency_code is null
                then 'unknown currency ' || icu.currency_code
            when
                inv.state not in ('draft', 'validated', 'posted', 'paid', 'cancelled')
                then 'unknown invoice state ' || inv.state
            when inv.move is not null and mov.id is null then 'invoice without its move'
            when
                mov.state = 'posted'
                and not {{ is_dated('inv.invoice_date') }}
                and not {{ is_dated('mov.date') }}
                then 'issued invoice without its date'
            when
                not {{ is_bounded('coalesce(inv.total_amount_cache, dra.net_amount)') }}
                then 'invoice without a valid amount'
            when not {{ is_bounded('coalesce(inv.tax_amount_cache, dra.tax_amount)') }}
                then 'invoice without a valid tax amount'
            when
                not {{ is_bounded(
                    'coalesce(rec.base_rate, 1 / nullif(icu.company_rate, 0))', 10
                ) }}
                then 'invoice without a valid exchange rate'
        end as reject_reason,
        to_jsonb(inv.*) - 'landed_in' as raw_row
    from invoices as inv
    left join tenants as ten on inv.tenant_id = ten.tenant_id
    left join invoice_currencies as icu
        on inv.tenant_id = icu.tenant_id and inv.id = icu.invoice_id
    left join known_currencies as kno on icu.currency_code = kno.currency_code
    left join moves as mov on inv.tenant_id = mov.tenant_id and inv.move = mov.id
    left join cancelling_moves as can
        on inv.tenant_id = can.tenant_id and inv.cancel_move = can.id
    left join parties as par
        on inv.source_id = par.source_id and inv.party = par.id
    left join receivable_totals as rec
        on inv.tenant_id = rec.tenant_id and inv.id = rec.invoice_id
    left join draft_totals as dra
        on inv.tenant_id = dra.tenant_id and inv.id = dra.invoice_id
    where inv.type = 'out'
),

customer_documents as (
    select
        tenant_id,
        invoice_id,
        patient_id,
        payer_id,
        department_id,
        practitioner_id,
        invoice_number,
        source_app,
        currency_code,
        base_rate,
        total_amount,
        tax_amount,
        is_posted,
        null::integer as invoice_hour,
        invoice_date,
        due_date,
        void_date,
        recorded_at,
        reject_reason,
        case when reject_reason is not null then raw_row end as rejected_row
    from customer_invoices
    where total_amount >= 0
)

select * from customer_documents
