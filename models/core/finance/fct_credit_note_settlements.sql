{# grain: one row per issued credit note, invoice and share, with what it settles there #}
with credit_notes as (
    select * from {{ ref('credit_note_totals') }}
),

invoice_credit_notes as (
    select * from {{ ref('credit_note_totals') }}
),

documents as (
    select * from {{ ref('invoice_documents') }}
),

movements as (
    select * from {{ ref('invoice_receivable_movements') }}
),

-- A7: in the order of their dates each credit note reduces what its invoice has open on its
-- date, its own share first, then the other; a void counts from its own day
settlements as (
    select
        cre.tenant_id,
        cre.credit_note_id,
        cre.invoice_id,
        cre.share,
        sem.settlement
    from credit_notes as cre
    inner join lateral (
        select
            {{ settle_credits() }}(
                pre.share,
                pre.amount,
                ope.patient_amount,
                ope.payer_amount,
                pre.credit_date,
                pre.void_date
                order by pre.credit_date, pre.credit_note_id, pre.share
            ) as settlement
        from invoice_credit_notes as pre
        inner join lateral (
            select
                coalesce(sum(mov.amount) filter (where mov.share = 'patient'), 0)
                    as patient_amount,
                coalesce(sum(mov.amount) filter (where mov.share = 'payer'), 0)
                    as payer_amount
            from documents as doc
            inner join lateral (
                select
                    inn.share,
                    inn.amount
                from movements as inn
                where
                    inn.tenant_id = doc.tenant_id
                    and inn.document_type = doc.document_type
                    and inn.document_id = doc.document_id
                    and inn.invoice_id = doc.invoice_id
                    and inn.business_date <= pre.credit_date
                offset 0
            ) as mov on true
            where
                doc.tenant_id = pre.tenant_id
                and doc.invoice_id = pre.invoice_id
        ) as ope on true
        where
            pre.tenant_id = cre.tenant_id
            and pre.invoice_id = cre.invoice_id
            and (pre.credit_date, pre.credit_note_id, pre.share)
            <= (cre.credit_date, cre.credit_note_id, cre.share)
    ) as sem on true
),

settled_amounts as (
    select
        tenant_id,
        credit_note_id,
        invoice_id,
        share,
        (settlement ->> share)::numeric(18, 4) as own_amount,
        (settlement ->> {{ other_share('share') }})::numeric(18, 4) as other_amount
    from settlements
)

select * from settled_amounts
