{# grain: one row per executed refund and part of its receipt that it gives back #}
with refunds as (
    select * from {{ ref('executed_refunds') }}
),

receipt_refunds as (
    select * from {{ ref('executed_refunds') }}
),

payments as (
    select * from {{ from_systems('payments') }}
),

payment_parts as (
    select * from {{ ref('payment_parts') }}
),

invoices as (
    select * from {{ ref('fct_invoices') }}
),

credit_note_lines as (
    select * from {{ ref('issued_credit_note_lines') }}
),

named_refunds as (
    select
        rfd.tenant_id,
        rfd.document_type,
        rfd.document_id,
        rfd.payment_id,
        rfd.credit_note_id,
        coalesce(rfd.invoice_id, pay.invoice_id, cre.invoice_id) as invoice_id,
        -- what a receipt or credit note settled was its debtor's and of its share, whoever got
        -- the money
        case
            when rfd.credit_note_id is not null
                then coalesce(cre.patient_id, rfd.patient_id)
            when rfd.payment_id is not null then pay.patient_id
            else rfd.patient_id
        end as patient_id,
        case
            when rfd.credit_note_id is not null then cre.payer_id else pay.payer_id
        end as payer_id,
        case
            when rfd.document_type = 'wallet_transaction'
                then coalesce(rfd.patient_id, pay.patient_id)
        end as wallet_patient_id,
        rfd.wallet_type,
        rfd.payment_method,
        case
            when rfd.credit_note_id is not null then coalesce(cre.share, rfd.share)
            else coalesce(pay.share, rfd.share)
        end as share,
        rfd.currency_code,
        rfd.base_rate,
        rfd.amount,
        rfd.refund_date,
        rfd.void_date,
        rfd.recorded_at
    from refunds as rfd
    left join lateral (
        select
            inn.invoice_id,
            inn.patient_id,
            inn.payer_id,
            inn.share
        from payments as inn
        where inn.tenant_id = rfd.tenant_id and inn.payment_id = rfd.payment_id
        offset 0
    ) as pay on true
    -- any line of it: they all belong to one debtor
    left join lateral (
        select
            inn.invoice_id,
            inn.patient_id,
            inn.payer_id,
            inn.share
        from credit_note_lines as inn
        where
            inn.tenant_id = rfd.tenant_id
            and inn.credit_note_id = rfd.credit_note_id
        order by inn.line_id
        limit 1
    ) as cre on true
),

-- The refunds of a receipt take its parts one after the other: first those of the invoice that
-- they name, the oldest first; then what is left beside its allocations; then what is meant
-- for invoices that it cannot settle (A10); then the other invoices, the last applied first.
-- What exceeds the receipt, is in another currency, or is given back when the receipt is void,
-- is line -1.
settled_refunds as (
    select
        rfd.*,
        coalesce(
            sem.parts,
            jsonb_build_array(
                jsonb_build_object(
                    'line_id', 0,
                    'invoice_id', rfd.invoice_id,
                    'amount', rfd.amount,
                    'is_allocated', rfd.credit_note_id is null
                )
            )
        ) as parts
    from named_refunds as rfd
    left join lateral (
        select
            {{ take_parts() }}(
                pre.amount,
                coalesce(par.parts, '[]') || '[{"line_id": -1, "is_allocated": false}]',
                pre.refund_date,
                pre.void_date
                order by pre.refund_date, pre.document_type, pre.document_id
            ) as parts
        from receipt_refunds as pre
        left join lateral (
            select
                jsonb_agg(
                    jsonb_build_object(
                        'line_id', inn.line_id,
                        'invoice_id',
                        case when inn.is_allocated then inn.invoice_id end,
                        'amount', inn.amount,
                        'is_allocated', inn.is_allocated and inv.invoice_id is not null,
                        'applied', greatest(inn.payment_date, inn.allocation_date),
                        'receipt_voided', inn.void_date
                    )
                    order by
                        case
                            when not inn.is_allocated then 2
                            when inv.invoice_id is null then 3
                            when inv.invoice_id = pre.invoice_id then 1
                            else 4
                        end,
                        case
                            when inv.invoice_id = pre.invoice_id
                                then inn.allocation_date
                        end,
                        inn.allocation_date desc,
                        case when inv.invoice_id = pre.invoice_id then inn.line_id end,
                        inn.line_id desc
                ) as parts
            from payment_parts as inn
            left join lateral (
                select iss.invoice_id
                from invoices as iss
                where
                    iss.tenant_id = inn.tenant_id
                    and iss.invoice_id = inn.invoice_id
                    and iss.currency_code = inn.currency_code
                offset 0
            ) as inv on true
            where
                inn.tenant_id = rfd.tenant_id
                and inn.payment_id = rfd.payment_id
                and inn.currency_code = rfd.currency_code
                and coalesce(inn.void_date > pre.refund_date, true)
        ) as par on true
        where
            rfd.credit_note_id is null
            and pre.credit_note_id is null
            and pre.tenant_id = rfd.tenant_id
            and pre.payment_id = rfd.payment_id
            and pre.currency_code = rfd.currency_code
            and (pre.refund_date, pre.document_type, pre.document_id)
            <= (rfd.refund_date, rfd.document_type, rfd.document_id)
    ) as sem on true
),

refund_parts as (
    select
        rfd.tenant_id,
        rfd.document_type,
        rfd.document_id,
        par.line_id,
        par.invoice_id,
        rfd.patient_id,
        rfd.payer_id,
        rfd.wallet_patient_id,
        rfd.wallet_type,
        rfd.payment_method,
        rfd.share,
        rfd.currency_code,
        rfd.base_rate,
        par.amount,
        par.is_allocated,
        rfd.refund_date,
        par.applied as application_date,
        par.receipt_voided as receipt_void_date,
        rfd.void_date,
        rfd.recorded_at
    from settled_refunds as rfd
    cross join
        lateral jsonb_to_recordset(rfd.parts) as par (
            line_id bigint,
            invoice_id bigint,
            amount numeric(18, 4),
            is_allocated boolean,
            applied date,
            receipt_voided date
        )
    where par.amount <> 0
)

select * from refund_parts
