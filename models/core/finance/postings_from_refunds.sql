{# grain: one row per posting of a refund #}
with refunds as (
    select * from {{ from_systems('refunds') }}
),

payments as (
    select * from {{ from_systems('payments', beside='refunds') }}
),

invoices as (
    select * from {{ ref('fct_invoices') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

payment_methods as (
    select * from {{ ref('payment_methods') }}
),

-- A refund of an invoice's receipt opens the invoice again; one of a credit note, of money on
-- account or before the invoice is issued gives back unapplied credit.
dated_refunds as (
    select
        rfd.tenant_id,
        'refund' as document_type,
        rfd.refund_id as document_id,
        0::bigint as line_id,
        coalesce(rfd.invoice_id, pay.invoice_id) as invoice_id,
        inv.department_id,
        inv.practitioner_id,
        coalesce(inv.payer_id, pay.payer_id) as payer_id,
        coalesce(inv.patient_id, rfd.patient_id) as patient_id,
        null::bigint as service_id,
        rfd.share,
        inv.revenue_point_code,
        rfd.payment_method,
        case when inv.department_id is null then 'unattributed' else 'invoice' end
            as attribution_method,
        rfd.currency_code,
        round(rfd.amount, cur.exponent) as amount,
        rfd.base_rate,
        coalesce(met.account, 'cash') as money_account,
        rfd.refund_date,
        case
            when
                rfd.credit_note_id is null
                and inv.currency_code = rfd.currency_code
                then greatest(rfd.refund_date, inv.invoice_date)
        end as application_date,
        rfd.void_date,
        rfd.recorded_at
    from refunds as rfd
    left join lateral (
        select
            inn.invoice_id,
            inn.payer_id
        from payments as inn
        where inn.tenant_id = rfd.tenant_id and inn.payment_id = rfd.payment_id
        offset 0
    ) as pay on true
    left join invoices as inv
        on
            rfd.tenant_id = inv.tenant_id
            and coalesce(rfd.invoice_id, pay.invoice_id) = inv.invoice_id
    inner join currencies as cur on rfd.currency_code = cur.currency_code
    left join payment_methods as met on rfd.payment_method = met.payment_method
    where rfd.is_posted and rfd.reject_reason is null
),

refund_events as (
    select
        rfd.*,
        eve.event_type,
        case
            when eve.event_type = 'application' then 'receivable'
            when rfd.application_date = rfd.refund_date then 'receivable'
            else 'unapplied_credit'
        end as debit_account,
        case eve.event_type
            when 'application' then 'unapplied_credit'
            else rfd.money_account
        end as credit_account,
        case eve.event_type
            when 'application' then rfd.application_date
            else rfd.refund_date
        end as business_date,
        rfd.recorded_at as voided_at
    from dated_refunds as rfd
    inner join unnest(array['refund', 'application']) as eve (event_type)
        on eve.event_type = 'refund' or rfd.application_date > rfd.refund_date
),

posted_refunds as (
    {{ postings('refund_events') }}
)

select * from posted_refunds
