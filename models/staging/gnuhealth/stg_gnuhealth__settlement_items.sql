{# grain: one row per reconciliation, invoice, account, party and currency #}
with settled_lines as (
    select * from {{ ref('stg_gnuhealth__settled_lines') }}
),

reconciliations as (
    select * from {{ source('gnuhealth', 'account_move_reconciliation') }}
),

-- what one invoice, or the lines of none, brings into a reconciliation
items as (
    select
        tenant_id,
        reconciliation_id,
        invoice_id,
        patient_id,
        account,
        currency_code,
        is_payer,
        max(digits) as digits,
        sum(amount) as amount,
        sum(base_amount) as base_amount,
        max(move_date) as last_date
    from settled_lines
    where reconciliation_id is not null
    group by
        tenant_id, reconciliation_id, invoice_id, patient_id, account, currency_code,
        is_payer
    having sum(amount) <> 0 or sum(base_amount) <> 0
),

settlement_items as (
    select
        ite.tenant_id,
        ite.reconciliation_id,
        row_number() over (
            partition by ite.tenant_id, ite.reconciliation_id
            order by ite.invoice_id, ite.account, ite.patient_id, ite.currency_code
        ) as item_number,
        ite.invoice_id,
        ite.patient_id,
        ite.account,
        ite.currency_code,
        ite.digits,
        -ite.amount as amount,
        -ite.base_amount as base_amount,
        ite.is_payer,
        greatest(
            rec.date,
            max(ite.last_date) over (
                partition by ite.tenant_id, ite.reconciliation_id
            )
        ) as settled_date,
        greatest(rec.create_date, rec.write_date) at time zone 'UTC' as recorded_at
    from items as ite
    inner join reconciliations as rec
        on ite.tenant_id = rec.tenant_id and ite.reconciliation_id = rec.id
)

select * from settlement_items
