{# grain: one row per invoice, with what its lines need to know of it #}
with invoices as (
    select * from {{ source('hms', 'invoices') }}
),

tenants as (
    select * from {{ ref('stg_hms__tenants') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

invoice_headers as (
    select
        inv.tenant_id,
        inv.id as invoice_id,
        inv.patient_id,
        inv.payer_id,
        inv.department_id,
        inv.doctor_id as practitioner_id,
        inv.visit_id,
        inv.billable_type,
        inv.billable_id,
        inv.number as invoice_number,
        inv.source_app,
        inv.currency_code,
        {{ base_rate('inv', 'ten') }} as base_rate,
        round(inv.total_amount, cur.exponent) as total_amount,
        round(inv.tax_amount, cur.exponent) as tax_amount,
        inv.status <> 'draft' as is_posted,
        {{ business_hour('inv.issued_at', 'ten') }} as invoice_hour,
        {{ business_date('inv.issued_at', 'ten') }} as invoice_date,
        inv.due_date,
        case
            when inv.status = 'void' then {{ business_date('inv.voided_at', 'ten') }}
        end as void_date,
        inv.updated_at as recorded_at,
        case
            when ten.tenant_id is null then 'invoice without its tenant'
            when ten.reject_reason is not null then ten.reject_reason
            when inv.currency_code is null then 'invoice without a currency'
            when cur.currency_code is null then 'unknown currency ' || inv.currency_code
            when inv.status is null then 'invoice without a status'
            when inv.status not in ('draft', 'issued', 'partially_paid', 'paid', 'void')
                then 'unknown status ' || inv.status
            when
                inv.status <> 'draft'
                and not {{ is_dated('inv.issued_at') }}
                then 'issued invoice without its date'
            when
                inv.status = 'void'
                and not {{ is_dated('inv.voided_at') }}
                then 'void invoice without its date'
            when inv.due_date is not null and not {{ is_dated('inv.due_date') }}
                then 'invoice without a valid due date'
            when
                (
                    {{ base_rate('inv', 'ten') }} > 0
                    and {{ is_bounded(base_rate('inv', 'ten'), 10) }}
                ) is not true
                then 'invoice without a valid exchange rate'
            when
                (inv.total_amount >= 0 and {{ is_bounded('inv.total_amount') }})
                is not true
                then 'invoice without a valid amount'
            when not {{ is_bounded('inv.tax_amount') }}
                then 'invoice without a valid tax amount'
            when
                not {{ is_bounded(
                    'inv.total_amount * greatest(inv.exchange_rate, 1)'
                ) }}
                then 'invoice without a valid amount at its rate'
        end as reject_reason,
        to_jsonb(inv.*) - 'landed_in' as raw_row
    from invoices as inv
    left join tenants as ten on inv.tenant_id = ten.tenant_id
    left join currencies as cur on inv.currency_code = cur.currency_code
)

select * from invoice_headers
