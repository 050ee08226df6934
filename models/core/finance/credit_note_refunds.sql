{# grain: one row per executed refund of a credit note #}
with refunds as (
    select * from {{ from_systems('refunds', beside='credit_note_lines') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

executed_refunds as (
    select
        rfd.tenant_id,
        rfd.refund_id,
        rfd.credit_note_id,
        rfd.share,
        rfd.payment_method,
        rfd.currency_code,
        rfd.base_rate,
        round(rfd.amount, cur.exponent) as amount,
        rfd.refund_date,
        rfd.void_date,
        rfd.recorded_at
    from refunds as rfd
    inner join currencies as cur on rfd.currency_code = cur.currency_code
    where
        rfd.is_posted
        and {{ is_kept('rfd') }}
        and rfd.credit_note_id is not null
)

select * from executed_refunds
