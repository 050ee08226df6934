{# grain: one row per allocation of a payment, and one for what stands without any #}
with payments as (
    select * from {{ from_systems('payments') }}
),

all_allocations as (
    select * from {{ from_systems('payment_allocations') }}
),

allocations as (
    select * from {{ from_systems('payment_allocations') }}
),

allocated_payments as (
    select * from {{ from_systems('payments', beside='payment_allocations') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

allocated_currencies as (
    select * from {{ ref('currencies') }}
),

allocated_amounts as (
    select
        tenant_id,
        payment_id,
        array_agg(amount) as amounts
    from all_allocations
    where {{ is_kept() }}
    group by tenant_id, payment_id
),

-- A payment without allocations belongs to its invoice; with some, the rest is unapplied.
-- Allocations beyond the payment make the rest negative: unapplied credit shows it. The payment
-- and each allocation are rounded, and the rest is the difference: no cent is lost (V11).
unallocated_parts as (
    select
        pay.tenant_id,
        pay.payment_id,
        0::bigint as line_id,
        pay.invoice_id,
        pay.patient_id,
        pay.payer_id,
        pay.payment_method,
        pay.share,
        pay.currency_code,
        pay.base_rate,
        round(pay.amount, cur.exponent) - coalesce(
            (
                select sum(round(alc.amount, cur.exponent))
                from unnest(tot.amounts) as alc (amount)
            ),
            0
        ) as amount,
        pay.wallet_transaction_id,
        pay.receipt_hour,
        pay.invoice_id is not null and tot.payment_id is null as is_allocated,
        pay.payment_date,
        pay.payment_date as allocation_date,
        pay.void_date,
        pay.recorded_at
    from payments as pay
    inner join currencies as cur on pay.currency_code = cur.currency_code
    left join allocated_amounts as tot
        on pay.tenant_id = tot.tenant_id and pay.payment_id = tot.payment_id
    where pay.is_posted and {{ is_kept('pay') }}
),

allocated_parts as (
    select
        alc.tenant_id,
        alc.payment_id,
        alc.allocation_id as line_id,
        alc.invoice_id,
        pay.patient_id,
        pay.payer_id,
        pay.payment_method,
        pay.share,
        pay.currency_code,
        pay.base_rate,
        round(alc.amount, cur.exponent) as amount,
        pay.wallet_transaction_id,
        pay.receipt_hour,
        true as is_allocated,
        pay.payment_date,
        alc.allocation_date,
        pay.void_date,
        alc.recorded_at
    from allocations as alc
    inner join allocated_payments as pay
        on alc.tenant_id = pay.tenant_id and alc.payment_id = pay.payment_id
    inner join allocated_currencies as cur on pay.currency_code = cur.currency_code
    where
        {{ is_kept('alc') }}
        and pay.is_posted
        and {{ is_kept('pay') }}
),

payment_parts as (
    select * from unallocated_parts
    union all
    select * from allocated_parts
)

select * from payment_parts
