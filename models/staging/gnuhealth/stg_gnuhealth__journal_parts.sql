{# grain: one row per debit line and credit line of a document that meet #}
with documents as (
    select
        pos.tenant_id,
        pos.document_type,
        pos.document_id,
        array_agg(pos) filter (where pos.side >= 0) as debits,
        array_agg(pos) filter (where pos.side < 0) as credits
    from {{ ref('stg_gnuhealth__journal_positions') }} as pos
    group by pos.tenant_id, pos.document_type, pos.document_id
),

-- laid end to end, debits and credits are equally long: they meet where they overlap
meetings as (
    select
        doc.tenant_id,
        doc.document_type,
        doc.document_id,
        deb.document_invoice_id,
        deb.document_kind,
        deb.journal_type,
        deb.line_id as debit_line_id,
        cre.line_id as credit_line_id,
        deb.account as debit_account,
        cre.account as credit_account,
        deb.ledger_account as debit_ledger_account,
        cre.ledger_account as credit_ledger_account,
        -- unapplied credit of no invoice takes the invoice it is applied to
        case
            when
                deb.account = 'unapplied_credit'
                and cre.account = 'receivable'
                and deb.currency_code = cre.currency_code
                and deb.owner[1] is null
                and deb.owner[2] = cre.owner[2]
                then cre.owner
            else coalesce(deb.owner, cre.owner)
        end as debit_owner,
        coalesce(cre.owner, deb.owner) as credit_owner,
        coalesce(deb.dimensions, cre.dimensions) as debit_dimensions,
        coalesce(cre.dimensions, deb.dimensions) as credit_dimensions,
        coalesce(deb.payment_method, cre.payment_method) as debit_method,
        coalesce(cre.payment_method, deb.payment_method) as credit_method,
        deb.currency_code as debit_currency,
        cre.currency_code as credit_currency,
        deb.size as debit_size,
        cre.size as credit_size,
        nullif(deb.base_size, 0) as debit_base_size,
        cre.base_size as credit_base_size,
        greatest(deb.digits, scale(deb.size)) as debit_digits,
        greatest(cre.digits, scale(cre.size)) as credit_digits,
        greatest(deb.base_start, cre.base_start) as part_start,
        least(deb.base_end, cre.base_end) as part_end,
        deb.base_start as debit_start,
        cre.base_start as credit_start,
        -- where a part begins or ends with a line, that line's amount is known
        case
            when cre.base_end < deb.base_end then cre.amount_end
            else deb.amount_end
        end - case
            when cre.base_start > deb.base_start then cre.amount_start
            else deb.amount_start
        end as amount,
        deb.base_end = cre.base_end and deb.amount_end <> cre.amount_end as is_uneven,
        deb.has_exchange,
        deb.is_reversal,
        deb.business_date,
        deb.recorded_at
    from documents as doc
    cross join lateral unnest(doc.debits) as deb
    left join lateral unnest(doc.credits) as cre
        on
            deb.side > 0
            and deb.base_start < cre.base_end
            and deb.base_end > cre.base_start
),

-- in one even currency both lines of a part take the same amount; else each takes its
-- proportional share, rounded so that the shares of a line add up to it
journal_parts as (
    select
        *,
        part_end - part_start as base_amount,
        coalesce(
            bool_and(
                debit_currency = credit_currency and amount >= 0 and not is_uneven
            ) filter (where credit_line_id is not null) over (
                partition by tenant_id, document_type, document_id
            ),
            false
        ) as is_even,
        round(debit_size * (part_end - debit_start) / debit_base_size, debit_digits)
        - round(debit_size * (part_start - debit_start) / debit_base_size, debit_digits)
            as debit_share,
        round(credit_size * (part_end - credit_start) / credit_base_size, credit_digits)
        - round(
            credit_size * (part_start - credit_start) / credit_base_size, credit_digits
        ) as credit_share
    from meetings
)

select * from journal_parts
