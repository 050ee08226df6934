{# grain: one row per posting of a document of the ledger #}
with journal_events as (
    select * from {{ ref('stg_gnuhealth__journal_events') }}
),

moves_set_aside as (
    select * from {{ ref('stg_gnuhealth__rejected_moves') }}
),

legs as (
    select
        eve.*,
        leg.leg,
        case when leg.leg = 2 then eve.credit_owner else eve.debit_owner end as owner,
        case when leg.leg = 2 then eve.credit_dimensions else eve.debit_dimensions end
            as dimensions,
        -- only of a line without an amount in the company's currency
        eve.debit_amount < 0 as is_negative
    from journal_events as eve
    inner join lateral generate_series(eve.first_leg, eve.last_leg) as leg (leg) on true
),

postings as (
    select
        tenant_id,
        document_type,
        document_id,
        row_number() over (
            partition by tenant_id, document_type, document_id
            order by debit_line_id, credit_line_id, leg
        ) as line_id,
        case when owner is null then document_invoice_id else owner[1] end
            as invoice_id,
        dimensions[1] as department_id,
        dimensions[2] as practitioner_id,
        owner[3] as payer_id,
        owner[2] as patient_id,
        dimensions[3] as service_id,
        null::bigint as product_id,
        case
            when case when leg = 2 then credit_amount else debit_amount end = 0
                then 'exchange_difference'
            else event_type
        end as event_type,
        case when owner[3] is null then 'patient' else 'payer' end as share,
        case when leg = 2 or is_negative then clearing_account else debit_account end
            as debit_account,
        case
            when is_negative then debit_account
            when leg = 1 then clearing_account
            else credit_account
        end as credit_account,
        case when leg <> 2 and not is_negative then debit_ledger_account end
            as debit_ledger_account,
        case
            when is_negative then debit_ledger_account
            when leg <> 1 then credit_ledger_account
        end as credit_ledger_account,
        case
            when case when owner is null then document_invoice_id else owner[1] end
                is not null
                then 'gnuhealth'
        end as source_app,
        null::text as wallet_type,
        null::text as service_category,
        null::text as patient_type,
        null::text as tax_code,
        case when leg = 2 then credit_method else debit_method end as payment_method,
        case
            when dimensions[1] is not null then 'visit'
            when dimensions is not null then 'unattributed'
        end as attribution_method,
        case when leg = 2 then credit_currency else debit_currency end as currency_code,
        abs(case when leg = 2 then credit_amount else debit_amount end) as amount,
        base_amount,
        null::numeric as tax_rate,
        is_reversal,
        business_date,
        recorded_at
    from legs
),

-- one that fits no report takes its document along
judged_postings as (
    select
        pos.*,
        case
            when not bool_and({{ is_dated('pos.business_date') }}) over doc
                then 'ledger entry without its date'
            when
                not bool_and(
                    {{ is_bounded('pos.amount') }}
                    and {{ is_bounded('pos.base_amount') }}
                ) over doc
                then 'ledger entry without a valid amount'
        end as reject_reason
    from postings as pos
    window doc as (partition by pos.tenant_id, pos.document_type, pos.document_id)
),

entries as (
    select
        tenant_id,
        document_type,
        document_id,
        line_id,
        invoice_id,
        department_id,
        practitioner_id,
        payer_id,
        patient_id,
        service_id,
        product_id,
        event_type,
        share,
        debit_account,
        credit_account,
        debit_ledger_account,
        credit_ledger_account,
        source_app,
        wallet_type,
        service_category,
        patient_type,
        tax_code,
        payment_method,
        attribution_method,
        currency_code,
        amount,
        base_amount,
        tax_rate,
        is_reversal,
        business_date,
        recorded_at,
        reject_reason,
        case
            when reject_reason is not null
                then to_jsonb(judged_postings) - 'reject_reason'
        end as rejected_row
    from judged_postings
),

-- a move that cannot post is set aside
rejected_moves as (
    select
        tenant_id,
        'move' as document_type,
        move_id as document_id,
        0 as line_id,
        null::bigint as invoice_id,
        null::bigint as department_id,
        null::bigint as practitioner_id,
        null::bigint as payer_id,
        null::bigint as patient_id,
        null::bigint as service_id,
        null::bigint as product_id,
        null::text as event_type,
        null::text as share,
        null::text as debit_account,
        null::text as credit_account,
        null::text as debit_ledger_account,
        null::text as credit_ledger_account,
        null::text as source_app,
        null::text as wallet_type,
        null::text as service_category,
        null::text as patient_type,
        null::text as tax_code,
        null::text as payment_method,
        null::text as attribution_method,
        null::text as currency_code,
        null::numeric as amount,
        null::numeric as base_amount,
        null::numeric as tax_rate,
        false as is_reversal,
        move_date as business_date,
        recorded_at,
        reject_reason,
        rejected_row
    from moves_set_aside
),

ledger_entries as (
    select * from entries
    union all
    select * from rejected_moves
)

select * from ledger_entries
