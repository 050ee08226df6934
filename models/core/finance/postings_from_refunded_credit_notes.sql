{# grain: one row per posting of a refund of what a credit note had settled #}
with refunds as (
    select * from {{ ref('credit_note_refunds') }}
),

all_refunds as (
    select * from {{ ref('credit_note_refunds') }}
),

credit_note_lines as (
    select * from {{ ref('issued_credit_note_lines') }}
),

settlements as (
    select * from {{ ref('fct_credit_note_settlements') }}
),

invoices as (
    select * from {{ ref('fct_invoices') }}
),

-- a credit note's refunds take its excess, one after the other in the order of their dates
noted_refunds as (
    select
        rfd.*,
        cre.invoice_id as credited_invoice_id,
        cre.credit_date,
        cre.amount - sem.amount as excess_amount,
        coalesce(ear.amount, 0) as earlier_amount
    from refunds as rfd
    inner join lateral (
        select
            min(inn.invoice_id) filter (where inn.has_invoice) as invoice_id,
            sum(inn.net_amount + inn.tax_amount) as amount,
            min(inn.credit_date) as credit_date
        from credit_note_lines as inn
        where
            inn.tenant_id = rfd.tenant_id
            and inn.credit_note_id = rfd.credit_note_id
            and inn.currency_code = rfd.currency_code
    ) as cre on cre.invoice_id is not null
    inner join lateral (
        select sum(inn.own_amount + inn.other_amount) as amount
        from settlements as inn
        where
            inn.tenant_id = rfd.tenant_id
            and inn.credit_note_id = rfd.credit_note_id
    ) as sem on true
    left join lateral (
        select sum(inn.amount) as amount
        from all_refunds as inn
        where
            inn.tenant_id = rfd.tenant_id
            and inn.credit_note_id = rfd.credit_note_id
            and inn.currency_code = rfd.currency_code
            and (inn.void_date is null or inn.void_date > rfd.refund_date)
            and (inn.refund_date, inn.refund_id) < (rfd.refund_date, rfd.refund_id)
    ) as ear on true
),

-- beyond the excess it gives back what the credit note settled: that is owed again
refund_events as (
    select
        rfd.tenant_id,
        'refund' as document_type,
        rfd.refund_id as document_id,
        0::bigint as line_id,
        inv.invoice_id,
        inv.department_id,
        inv.practitioner_id,
        inv.payer_id,
        inv.patient_id,
        null::bigint as service_id,
        'application' as event_type,
        rfd.share,
        'receivable' as debit_account,
        'unapplied_credit' as credit_account,
        inv.source_app,
        rfd.payment_method,
        case when inv.department_id is null then 'unattributed' else 'invoice' end
            as attribution_method,
        rfd.currency_code,
        rfd.amount
        - least(rfd.amount, greatest(rfd.excess_amount - rfd.earlier_amount, 0))
            as amount,
        rfd.base_rate,
        greatest(rfd.refund_date, rfd.credit_date) as business_date,
        rfd.void_date,
        rfd.recorded_at,
        rfd.recorded_at as voided_at
    from noted_refunds as rfd
    inner join invoices as inv
        on rfd.tenant_id = inv.tenant_id and rfd.credited_invoice_id = inv.invoice_id
),

posted_refunds as (
    {{ postings('refund_events') }}
)

select * from posted_refunds
