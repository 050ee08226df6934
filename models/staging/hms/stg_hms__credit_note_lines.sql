{# grain: one row per credit note item #}
with credit_note_items as (
    select * from {{ source('hms', 'credit_note_items') }}
),

credit_notes as (
    select * from {{ source('hms', 'credit_notes') }}
),

tenants as (
    select * from {{ ref('stg_hms__tenants') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

invoices as (
    select * from {{ source('hms', 'invoices') }}
),

credit_note_lines as (
    select
        itm.tenant_id,
        itm.credit_note_id,
        itm.id as line_id,
        cre.invoice_id,
        itm.invoice_item_id as invoice_line_id,
        cre.patient_id,
        cre.payer_id,
        coalesce(cre.share, 'patient') as share,
        cre.currency_code,
        {{ base_rate('cre', 'ten') }} as base_rate,
        itm.net_amount as amount,
        coalesce(itm.tax_amount, 0) as tax_amount,
        cre.status <> 'draft' as is_posted,
        {{ business_date('cre.issued_at', 'ten') }} as credit_date,
        case
            when cre.status = 'void' then {{ business_date('cre.voided_at', 'ten') }}
        end as void_date,
        greatest(itm.updated_at, cre.updated_at) as recorded_at,
        case
            when ten.tenant_id is null then 'credit note without its tenant'
            when ten.reject_reason is not null then ten.reject_reason
            when cre.id is null then 'line without its credit note'
            when cre.currency_code is null then 'credit note without a currency'
            when cur.currency_code is null then 'unknown currency ' || cre.currency_code
            when cre.status is null then 'credit note without a status'
            when cre.status not in ('draft', 'issued', 'void')
                then 'unknown status ' || cre.status
            when cre.share not in ('patient', 'payer')
                then 'credit note without a valid share'
            when
                (itm.net_amount > 0 and {{ is_bounded('itm.net_amount') }}) is not true
                then 'credit note without a valid amount'
            when
                itm.tax_amount < 0 or not {{ is_bounded('itm.tax_amount') }}
                then 'credit note without a valid tax amount'
            when
                (
                    {{ base_rate('cre', 'ten') }} > 0
                    and {{ is_bounded(base_rate('cre', 'ten'), 10) }}
                ) is not true
                then 'credit note without a valid exchange rate'
            when
                not {{ is_bounded(
                    '(itm.net_amount + coalesce(itm.tax_amount, 0)) '
                    ~ '* greatest(cre.exchange_rate, 1)'
                ) }}
                then 'credit note without a valid amount at its rate'
            when
                cre.status <> 'draft'
                and not {{ is_dated('cre.issued_at') }}
                then 'issued credit note without its date'
            when
                cre.status = 'void'
                and not {{ is_dated('cre.voided_at') }}
                then 'void credit note without its date'
            when cre.invoice_id is not null and inv.id is null
                then 'credit note without its invoice'
        end as reject_reason,
        to_jsonb(itm.*) - 'landed_in' as raw_row
    from credit_note_items as itm
    left join credit_notes as cre
        on itm.tenant_id = cre.tenant_id and itm.credit_note_id = cre.id
    left join tenants as ten on itm.tenant_id = ten.tenant_id
    left join currencies as cur on cre.currency_code = cur.currency_code
    left join invoices as inv
        on cre.tenant_id = inv.tenant_id and cre.invoice_id = inv.id
),

judged_lines as (
    select
        tenant_id,
        credit_note_id,
        line_id,
        invoice_id,
        invoice_line_id,
        patient_id,
        payer_id,
        share,
        currency_code,
        base_rate,
        amount,
        tax_amount,
        is_posted,
        credit_date,
        void_date,
        recorded_at,
        reject_reason,
        case when reject_reason is not null then raw_row end as rejected_row
    from credit_note_lines
)

select * from judged_lines
