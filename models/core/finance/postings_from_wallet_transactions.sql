{# grain: one row per posting of a wallet transaction, refunds aside #}
with wallet_transactions as (
    select * from {{ from_systems('wallet_transactions') }}
),

payments as (
    select * from {{ from_systems('payments', beside='wallet_transactions') }}
),

wallet_payments as (
    select * from {{ from_systems('payments', beside='wallet_transactions') }}
),

top_up_payments as (
    select * from {{ from_systems('payments', beside='wallet_transactions') }}
),

allocations as (
    select *
    from {{ from_systems('payment_allocations', beside='wallet_transactions') }}
),

invoices as (
    select * from {{ ref('fct_invoices') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

payment_methods as (
    select * from {{ ref('payment_methods') }}
),

-- R6: a use that stands beside a posted payment is that payment; refunds are posted with those
-- in cash
lone_transactions as (
    select wal.*
    from wallet_transactions as wal
    where
        wal.is_posted
        and {{ is_kept('wal') }}
        and wal.movement <> 'refund'
        and (
            wal.movement <> 'use'
            or not (
                exists (
                    select from payments as pay
                    where
                        pay.tenant_id = wal.tenant_id
                        and pay.payment_id = wal.payment_id
                        and pay.is_posted
                        and {{ is_kept('pay') }}
                )
                or exists (
                    select from wallet_payments as wpa
                    where
                        wpa.tenant_id = wal.tenant_id
                        and wpa.wallet_transaction_id = wal.wallet_transaction_id
                        and wpa.is_posted
                        and {{ is_kept('wpa') }}
                )
            )
        )
),

-- R6: the money of a top-up that stands beside a posted payment came in with that, whichever of
-- the two names the other, and what settles no invoice of it goes into the wallet; what a wallet
-- pays and names the top-up uses it
placed_transactions as (
    select
        wal.tenant_id,
        wal.wallet_transaction_id,
        case when pay.payment_id is null then wal.invoice_id end as invoice_id,
        wal.patient_id,
        wal.movement,
        case when pay.payment_id is null then wal.wallet_type end as wallet_type,
        coalesce(pay.payment_method, wal.payment_method) as payment_method,
        wal.currency_code,
        coalesce(pay.base_rate, wal.base_rate) as base_rate,
        case
            when pay.payment_id is null then round(wal.amount, cur.exponent)
            when pay.invoice_id is not null and alc.amount is null then 0
            else
                greatest(
                    least(
                        round(wal.amount, cur.exponent),
                        round(pay.amount, cur.exponent) - coalesce(alc.amount, 0)
                    ),
                    0
                )
        end as amount,
        pay.payment_id is not null as is_received,
        coalesce(pay.share, 'patient') as credit_share,
        pay.payer_id as credit_payer_id,
        case when pay.payment_id is null then wal.patient_id else pay.patient_id end
            as credit_patient_id,
        wal.transaction_date,
        wal.void_date,
        wal.recorded_at
    from lone_transactions as wal
    inner join currencies as cur on wal.currency_code = cur.currency_code
    left join lateral (
        select
            inn.tenant_id,
            inn.payment_id,
            inn.invoice_id,
            inn.share,
            inn.payer_id,
            inn.patient_id,
            inn.payment_method,
            inn.base_rate,
            inn.amount
        from top_up_payments as inn
        where
            wal.movement = 'top_up'
            and inn.tenant_id = wal.tenant_id
            and (
                inn.payment_id = wal.payment_id
                or (
                    inn.wallet_transaction_id = wal.wallet_transaction_id
                    and not exists (
                        select from payment_methods as met
                        where
                            met.payment_method = inn.payment_method
                            and met.account = 'wallet_liability'
                    )
                )
            )
            and inn.currency_code = wal.currency_code
            and inn.is_posted
            and {{ is_kept('inn') }}
        order by inn.payment_id
        limit 1
    ) as pay on true
    left join lateral (
        select sum(round(inn.amount, cur.exponent)) as amount
        from allocations as inn
        where
            inn.tenant_id = pay.tenant_id
            and inn.payment_id = pay.payment_id
            and {{ is_kept('inn') }}
        offset 0
    ) as alc on true
),

dated_transactions as (
    select
        wal.tenant_id,
        'wallet_transaction' as document_type,
        wal.wallet_transaction_id as document_id,
        0::bigint as line_id,
        wal.invoice_id,
        inv.department_id as invoice_department_id,
        inv.practitioner_id as invoice_practitioner_id,
        inv.payer_id as invoice_payer_id,
        coalesce(wal.patient_id, inv.patient_id) as wallet_patient_id,
        coalesce(inv.patient_id, wal.patient_id) as invoice_patient_id,
        wal.is_received,
        case
            when wal.is_received
                then
                    wal.credit_share <> 'patient'
                    or (wal.credit_patient_id is distinct from wal.patient_id)
            else coalesce(inv.patient_id <> wal.patient_id, false)
        end as is_anothers,
        wal.credit_share,
        wal.credit_payer_id,
        wal.credit_patient_id,
        null::bigint as service_id,
        inv.source_app as invoice_source_app,
        wal.wallet_type,
        wal.payment_method,
        wal.currency_code,
        wal.amount,
        wal.base_rate,
        -- V6
        case
            when wal.movement = 'use' and wal.invoice_id is null
                then 'unbilled_wallet_use'
            else 'wallet_' || wal.movement
        end as movement,
        wal.transaction_date,
        -- A2
        case
            when wal.movement = 'use' and inv.currency_code = wal.currency_code
                then greatest(wal.transaction_date, inv.invoice_date)
        end as application_date,
        wal.void_date,
        wal.recorded_at
    from placed_transactions as wal
    left join invoices as inv
        on wal.tenant_id = inv.tenant_id and wal.invoice_id = inv.invoice_id
),

-- the account across from the wallet: credit, until an issued invoice of its patient takes it
counter_accounts as (
    select
        *,
        case
            when is_received and is_anothers then 'credit_transfer'
            when is_received then 'unapplied_credit'
            when movement in ('wallet_top_up', 'wallet_withdrawal') then 'cash'
            when movement = 'unbilled_wallet_use' then 'unbilled_wallet_use'
            when application_date = transaction_date and not is_anothers
                then 'receivable'
            else 'unapplied_credit'
        end as counter_account
    from dated_transactions
),

-- what the wallet gives or takes, and how credit reaches an invoice or, of another, the wallet
kinds (kind) as (
    values ('wallet'), ('application'), ('credit_transfer')
),

moved_transactions as (
    select
        wal.*,
        kin.kind,
        kin.kind = 'application'
        or (kin.kind = 'wallet' and wal.counter_account = 'receivable') as is_of_invoice
    from counter_accounts as wal
    inner join kinds as kin
        on
            case kin.kind
                when 'wallet' then true
                when 'application'
                    then
                        wal.counter_account = 'unapplied_credit'
                        and wal.application_date is not null
                else
                    wal.is_anothers
                    and (wal.is_received or wal.application_date is not null)
            end
),

-- What is applied later is of no department until then: it leaves the day of the use as it was.
wallet_events as (
    select
        *,
        recorded_at as voided_at,
        case kind when 'wallet' then movement else kind end as event_type,
        {{ invoice_dimensions('is_of_invoice') }},
        case kind when 'credit_transfer' then credit_share else 'patient' end as share,
        case
            when is_of_invoice then invoice_payer_id
            when kind = 'credit_transfer' then credit_payer_id
        end as payer_id,
        case
            when is_of_invoice then invoice_patient_id
            when kind = 'credit_transfer' then credit_patient_id
            else wallet_patient_id
        end as patient_id,
        case
            when kind = 'application' and is_anothers then 'credit_transfer'
            when kind <> 'wallet' then 'unapplied_credit'
            when movement = 'wallet_top_up' then counter_account
            else 'wallet_liability'
        end as debit_account,
        case
            when kind = 'application' then 'receivable'
            when kind = 'credit_transfer' then 'credit_transfer'
            when movement = 'wallet_top_up' then 'wallet_liability'
            else counter_account
        end as credit_account,
        case
            when kind = 'wallet' or is_received then transaction_date
            else application_date
        end as business_date
    from moved_transactions
),

posted_transactions as (
    {{ postings('wallet_events', known=['wallet_type']) }}
)

select * from posted_transactions
