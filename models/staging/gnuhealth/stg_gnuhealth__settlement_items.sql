{# grain: one row per reconciliation, invoice, account, party and currency #}
-- depends_on: {{ source('gnuhealth', 'account_move_line') }}
-- (a line that leaves a reconciliation changes those that stay in it)
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

-- an item that is owed in one currency and owing in the other is two
signed_items as (
    select
        ite.*,
        case when sig.number = 1 then ite.base_amount else 0 end as signed_base_amount,
        case
            when sign(ite.amount) * sign(ite.base_amount) >= 0 or sig.number = 2
                then ite.amount
            else 0
        end as signed_amount,
        sig.number
    from items as ite
    inner join generate_series(1, 2) as sig (number)
        on sig.number = 1 or sign(ite.amount) * sign(ite.base_amount) < 0
),

settlement_items as (
    select
        ite.tenant_id,
        ite.reconciliation_id,
        row_number() over (
            partition by ite.tenant_id, ite.reconciliation_id
            order by
                ite.invoice_id,
                ite.account,
                ite.patient_id,
                ite.currency_code,
                ite.number
        ) as item_number,
        ite.invoice_id,
        ite.patient_id,
        ite.account,
        ite.currency_code,
        ite.digits,
        -ite.signed_amount as amount,
        -ite.signed_base_amount as base_amount,
        ite.is_payer,
        greatest(
            rec.date,
            max(ite.last_date) over (
                partition by ite.tenant_id, ite.reconciliation_id
            )
        ) as settled_date,
        greatest(rec.create_date, rec.write_date) at time zone 'UTC' as recorded_at
    from signed_items as ite
    inner join reconciliations as rec
        on ite.tenant_id = rec.tenant_id and ite.reconciliation_id = rec.id
)

select * from settlement_items
