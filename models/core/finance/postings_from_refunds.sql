{# grain: one row per posting of a refund #}
with refunds as (
    select * from {{ from_systems('refunds') }}
),

payments as (
    select * from {{ from_systems('payments', beside='refunds') }}
),

allocations as (
    select * from {{ from_systems('payment_allocations', beside='refunds') }}
),

credit_note_lines as (
    select * from {{ from_systems('credit_note_lines', beside='refunds') }}
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

-- Money goes back from where it lies: a refund opens the invoice it names, if its receipt
-- settles that one; else the one invoice that its receipt settles. What is left of a receipt
-- beside its allocations is unapplied credit, given back first unless an invoice is named.
located_refunds as (
    select
        rfd.*,
        case
            when rfd.credit_note_id is not null
                then coalesce(rfd.invoice_id, pay.invoice_id, cre.invoice_id)
            when alc.is_named or alc.amount is null
                then coalesce(rfd.invoice_id, pay.invoice_id)
            when rfd.amount > pay.amount - alc.amount then alc.only_invoice_id
        end as opened_invoice_id,
        case
            when alc.is_named
                then least(
                        rfd.amount,
                        greatest(alc.named_amount, rfd.amount - pay.amount + alc.amount)
                    )
            when alc.amount < pay.amount then rfd.amount - pay.amount + alc.amount
            else rfd.amount
        end as opened_amount,
        coalesce(rfd.patient_id, pay.patient_id, cre.patient_id) as debtor_patient_id,
        coalesce(pay.payer_id, cre.payer_id) as debtor_payer_id,
        case when alc.is_named then alc.named_date else alc.allocation_date end
            as allocation_date
    from refunds as rfd
    left join lateral (
        select
            inn.invoice_id,
            inn.patient_id,
            inn.payer_id,
            inn.amount
        from payments as inn
        where inn.tenant_id = rfd.tenant_id and inn.payment_id = rfd.payment_id
        offset 0
    ) as pay on true
    left join lateral (
        select
            sum(inn.amount) as amount,
            sum(inn.amount) filter (where inn.invoice_id = rfd.invoice_id)
                as named_amount,
            bool_or(inn.invoice_id = rfd.invoice_id) as is_named,
            case
                when min(inn.invoice_id) = max(inn.invoice_id) then min(inn.invoice_id)
            end as only_invoice_id,
            min(inn.allocation_date) filter (where inn.invoice_id = rfd.invoice_id)
                as named_date,
            min(inn.allocation_date) as allocation_date
        from allocations as inn
        where
            inn.tenant_id = rfd.tenant_id
            and inn.payment_id = rfd.payment_id
            and {{ is_kept('inn') }}
    ) as alc on true
    -- any line of it: they all belong to one debtor
    left join lateral (
        select
            inn.invoice_id,
            inn.patient_id,
            inn.payer_id
        from credit_note_lines as inn
        where
            inn.tenant_id = rfd.tenant_id
            and inn.credit_note_id = rfd.credit_note_id
        order by inn.line_id
        limit 1
    ) as cre on true
    where rfd.is_posted and {{ is_kept('rfd') }}
),

-- one of a credit note, of money on account or before the invoice is issued gives back
-- unapplied credit
dated_refunds as (
    select
        rfd.tenant_id,
        'refund' as document_type,
        rfd.refund_id as document_id,
        0::bigint as line_id,
        rfd.opened_invoice_id as invoice_id,
        inv.department_id,
        inv.practitioner_id,
        coalesce(inv.payer_id, rfd.debtor_payer_id) as payer_id,
        coalesce(inv.patient_id, rfd.debtor_patient_id) as patient_id,
        null::bigint as service_id,
        rfd.share,
        inv.source_app,
        rfd.payment_method,
        case when inv.department_id is null then 'unattributed' else 'invoice' end
            as attribution_method,
        rfd.currency_code,
        round(rfd.amount, cur.exponent) as amount,
        round(rfd.opened_amount, cur.exponent) as opened_amount,
        rfd.base_rate,
        coalesce(met.account, 'cash') as money_account,
        rfd.refund_date,
        case
            when
                rfd.credit_note_id is null
                and inv.currency_code = rfd.currency_code
                then greatest(rfd.refund_date, inv.invoice_date, rfd.allocation_date)
        end as application_date,
        rfd.void_date,
        rfd.recorded_at
    from located_refunds as rfd
    left join invoices as inv
        on rfd.tenant_id = inv.tenant_id and rfd.opened_invoice_id = inv.invoice_id
    inner join currencies as cur on rfd.currency_code = cur.currency_code
    left join payment_methods as met on rfd.payment_method = met.payment_method
),

-- what opens its invoice at once, and as a whole, needs no application
split_refunds as (
    select
        rfd.*,
        rfd.application_date > rfd.refund_date or rfd.opened_amount < rfd.amount
            as is_split
    from dated_refunds as rfd
),

refund_events as (
    select
        rfd.tenant_id,
        rfd.document_type,
        rfd.document_id,
        rfd.line_id,
        rfd.invoice_id,
        rfd.department_id,
        rfd.practitioner_id,
        rfd.payer_id,
        rfd.patient_id,
        rfd.service_id,
        rfd.share,
        rfd.source_app,
        rfd.payment_method,
        rfd.attribution_method,
        rfd.currency_code,
        rfd.base_rate,
        rfd.void_date,
        rfd.recorded_at,
        eve.event_type,
        case
            when eve.event_type = 'application' then 'receivable'
            when not rfd.is_split and rfd.application_date = rfd.refund_date
                then 'receivable'
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
        case eve.event_type
            when 'application' then rfd.opened_amount
            else rfd.amount
        end as amount,
        rfd.recorded_at as voided_at
    from split_refunds as rfd
    inner join unnest(array['refund', 'application']) as eve (event_type)
        on
            eve.event_type = 'refund'
            or (rfd.application_date >= rfd.refund_date and rfd.is_split)
),

posted_refunds as (
    {{ postings('refund_events') }}
)

select * from posted_refunds
