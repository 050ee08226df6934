{# grain: one row per executed refund, in cash or into a wallet #}
with refunds as (
    select * from {{ from_systems('refunds') }}
),

wallet_transactions as (
    select * from {{ from_systems('wallet_transactions') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

all_refunds as (
    select
        tenant_id,
        'refund' as document_type,
        refund_id as document_id,
        payment_id,
        credit_note_id,
        invoice_id,
        patient_id,
        share,
        null::text as wallet_type,
        payment_method,
        currency_code,
        base_rate,
        amount,
        refund_date,
        void_date,
        recorded_at
    from refunds
    where is_posted and {{ is_kept() }}
    union all
    select
        tenant_id,
        'wallet_transaction' as document_type,
        wallet_transaction_id as document_id,
        payment_id,
        null::bigint as credit_note_id,
        invoice_id,
        patient_id,
        'patient' as share,
        wallet_type,
        payment_method,
        currency_code,
        base_rate,
        amount,
        transaction_date as refund_date,
        void_date,
        recorded_at
    from wallet_transactions
    where is_posted and {{ is_kept() }} and movement = 'refund'
),

executed_refunds as (
    select
        rfd.tenant_id,
        rfd.document_type,
        rfd.document_id,
        rfd.payment_id,
        rfd.credit_note_id,
        rfd.invoice_id,
        rfd.patient_id,
        rfd.share,
        rfd.wallet_type,
        rfd.payment_method,
        rfd.currency_code,
        rfd.base_rate,
        round(rfd.amount, cur.exponent) as amount,
        rfd.refund_date,
        rfd.void_date,
        rfd.recorded_at
    from all_refunds as rfd
    inner join currencies as cur on rfd.currency_code = cur.currency_code
)

select * from executed_refunds
