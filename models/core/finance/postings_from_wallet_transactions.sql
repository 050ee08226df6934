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

invoices as (
    select * from {{ ref('fct_invoices') }}
),

currencies as (
    select * from {{ ref('currencies') }}
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

dated_transactions as (
    select
        wal.tenant_id,
        'wallet_transaction' as document_type,
        wal.wallet_transaction_id as document_id,
        0::bigint as line_id,
        wal.invoice_id,
        inv.department_id,
        inv.practitioner_id,
        inv.payer_id,
        wal.patient_id as wallet_patient_id,
        coalesce(inv.patient_id, wal.patient_id) as invoice_patient_id,
        coalesce(inv.patient_id <> wal.patient_id, false) as is_anothers,
        null::bigint as service_id,
        'patient' as share,
        inv.source_app,
        wal.wallet_type,
        wal.payment_method,
        case when inv.department_id is null then 'unattributed' else 'invoice' end
            as attribution_method,
        wal.currency_code,
        round(wal.amount, cur.exponent) as amount,
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
    from lone_transactions as wal
    left join invoices as inv
        on wal.tenant_id = inv.tenant_id and wal.invoice_id = inv.invoice_id
    inner join currencies as cur on wal.currency_code = cur.currency_code
),

-- the account across from the wallet: credit, until an issued invoice of its patient takes it
counter_accounts as (
    select
        *,
        case
            when movement in ('wallet_top_up', 'wallet_withdrawal') then 'cash'
            when movement = 'unbilled_wallet_use' then 'unbilled_wallet_use'
            when application_date = transaction_date and not is_anothers then 'receivable'
            else 'unapplied_credit'
        end as counter_account
    from dated_transactions
),

wallet_events as (
    select
        wal.*,
        wal.recorded_at as voided_at,
        coalesce(eve.event_type, wal.movement) as event_type,
        case
            when wal.is_anothers and eve.event_type is distinct from 'application'
                then wal.wallet_patient_id
            else wal.invoice_patient_id
        end as patient_id,
        case
            when eve.event_type = 'application' and wal.is_anothers then 'credit_transfer'
            when eve.event_type is not null then 'unapplied_credit'
            when wal.movement = 'wallet_top_up' then wal.counter_account
            else 'wallet_liability'
        end as debit_account,
        case
            when eve.event_type is not null then eve.credit_account
            when wal.movement = 'wallet_top_up' then 'wallet_liability'
            else wal.counter_account
        end as credit_account,
        case
            when eve.event_type is null then wal.transaction_date
            else wal.application_date
        end as business_date
    from counter_accounts as wal
    inner join
        (
            values
            (null, null),
            ('application', 'receivable'),
            ('credit_transfer', 'credit_transfer')
        ) as eve (event_type, credit_account)
        on
            eve.event_type is null
            or (
                wal.counter_account = 'unapplied_credit'
                and wal.application_date is not null
                and (eve.event_type = 'application' or wal.is_anothers)
            )
),

posted_transactions as (
    {{ postings('wallet_events', known=['wallet_type']) }}
)

select * from posted_transactions
