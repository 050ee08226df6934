-- what a share of an issued invoice has open as its tenant reads it, with what was approved and
-- reversed since; on the day on which a write-off would post, or less if a later day has less.
-- And what is given up of it that can be recovered, less what was: a contractual adjustment and
-- charity care cannot.
-- One statement, so that a publication comes wholly before or wholly after it
with invoice as (
    select
        inv.tenant_id,
        inv.invoice_id,
        inv.currency_code,
        inv.base_rate,
        greatest(inv.invoice_date, %(today)s) as business_date,
        cur.exponent,
        poi.release_id
    from almoner.pointers as poi
    inner join store.fct_invoices as inv
        on
            poi.tenant_id = inv.tenant_id
            and inv.released_in <= poi.release_id
            and inv.retired_in > poi.release_id
    inner join seeds.currencies as cur on inv.currency_code = cur.currency_code
    where poi.tenant_id = %(tenant)s and inv.invoice_id = %(invoice)s
),

published as (
    select
        coalesce(sum(mov.amount), 0) as amount,
        coalesce(
            sum(mov.amount) filter (where mov.business_date <= inv.business_date), 0
        ) as amount_by_then,
        coalesce(sum(mov.given_up_amount), 0) as given_up_amount,
        coalesce(bool_or(mov.document_type in ('move', 'reconciliation')), false)
            as is_of_ledger
    from invoice as inv
    left join lateral (
        select
            pos.document_type,
            pos.business_date,
            case 'receivable'
                when pos.debit_account then pos.amount
                when pos.credit_account then -pos.amount
            end as amount,
            case
                when
                    pos.document_type <> 'adjustment'
                    or pos.event_type not in ('write_off', 'recovery')
                    then 0
                when pos.credit_account = 'receivable' or pos.debit_account = 'recoveries'
                    then pos.amount
                else -pos.amount
            end as given_up_amount
        from store.fct_postings as pos
        where
            pos.tenant_id = inv.tenant_id
            and pos.invoice_id = inv.invoice_id
            and pos.share = %(share)s
            and pos.currency_code = inv.currency_code
            and array['receivable', 'recoveries'] && array[pos.debit_account, pos.credit_account]
            and pos.debit_account <> pos.credit_account
            and pos.released_in <= inv.release_id
            and pos.retired_in > inv.release_id
    ) as mov on true
),

-- what write-offs take by now, less what they take in the release that the tenant reads: all
-- of one that was approved since, below zero of one that was reversed since
taken_since as (
    select
        coalesce(sum(mov.amount), 0) as amount,
        coalesce(sum(mov.amount) filter (where cat.event_type = 'write_off'), 0)
            as given_up_amount
    from invoice as inv
    inner join almoner.write_offs as wof
        on inv.tenant_id = wof.tenant_id and inv.invoice_id = wof.invoice_id
    inner join seeds.adjustment_categories as cat on wof.category = cat.category
    inner join almoner.write_off_decisions as dec on wof.write_off_id = dec.write_off_id
    left join almoner.write_off_reversals as rev on wof.write_off_id = rev.write_off_id
    left join lateral (
        select
            coalesce(sum(case when adj.is_reversal then -adj.amount else adj.amount end), 0)
                as amount
        from store.fct_postings as adj
        where
            adj.tenant_id = wof.tenant_id
            and adj.document_type = 'adjustment'
            and adj.document_id = -wof.write_off_id
            and adj.released_in <= inv.release_id
            and adj.retired_in > inv.release_id
    ) as pos on true
    cross join lateral (
        values (case when rev.write_off_id is null then wof.amount else 0 end - pos.amount)
    ) as mov (amount)
    where wof.share = %(share)s and dec.status = 'approved'
)

select
    inv.currency_code,
    inv.base_rate,
    inv.exponent,
    pub.is_of_ledger,
    least(pub.amount, pub.amount_by_then) - tak.amount as amount,
    pub.given_up_amount + tak.given_up_amount as given_up_amount
from invoice as inv
cross join published as pub
cross join taken_since as tak
