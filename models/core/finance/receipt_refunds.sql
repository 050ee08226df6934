{# grain: one row per executed refund of a receipt #}
with refunds as (
    select * from {{ from_systems('refunds', beside='payments') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

executed_refunds as (
    select
        rfd.tenant_id,
        rfd.refund_id,
        rfd.payment_id,
        rfd.invoice_id,
        rfd.currency_code,
        round(rfd.amount, cur.exponent) as amount,
        rfd.refund_date,
        rfd.void_date
    from refunds as rfd
    inner join currencies as cur on rfd.currency_code = cur.currency_code
    where
        rfd.is_posted
        and {{ is_kept('rfd') }}
        and rfd.payment_id is not null
        and rfd.credit_note_id is null
)

select * from executed_refunds
