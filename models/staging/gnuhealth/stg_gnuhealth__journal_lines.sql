{# grain: one row per move line, and per item of a reconciliation #}
with settled_lines as (
    select * from {{ ref('stg_gnuhealth__settled_lines') }}
),

plain_lines as (
    select * from {{ ref('stg_gnuhealth__plain_lines') }}
),

settlement_items as (
    select * from {{ ref('stg_gnuhealth__settlement_items') }}
),

tenants as (
    select * from {{ ref('stg_gnuhealth__tenants') }}
),

moves as (
    select * from {{ source('gnuhealth', 'account_move') }}
),

journals as (
    select * from {{ source('gnuhealth', 'account_journal') }}
),

-- owner: whose open item a line is; dimensions: what earned or cost it
move_lines as (
    select
        tenant_id,
        move_id,
        line_id,
        moved_invoice_id,
        case when moved_invoice_id is not null then invoice_kind end as moved_kind,
        account,
        ledger_account,
        null::text as payment_method,
        array[invoice_id, patient_id, case when is_payer then patient_id end] as owner,
        null::bigint[] as dimensions,
        currency_code,
        digits,
        amount,
        base_amount,
        is_exchange
    from settled_lines
    union all
    select
        tenant_id,
        move_id,
        line_id,
        null as moved_invoice_id,
        null as moved_kind,
        account,
        ledger_account,
        payment_method,
        null as owner,
        case when is_result then array[department_id, practitioner_id, service_id] end
            as dimensions,
        currency_code,
        digits,
        amount,
        base_amount,
        false as is_exchange
    from plain_lines
),

document_lines as (
    select
        lin.tenant_id,
        'move' as document_type,
        lin.move_id as document_id,
        lin.line_id,
        lin.moved_invoice_id,
        lin.moved_kind,
        jou.type as journal_type,
        lin.account,
        lin.ledger_account,
        lin.payment_method,
        lin.owner,
        lin.dimensions,
        lin.currency_code,
        lin.digits,
        lin.amount,
        lin.base_amount,
        lin.is_exchange,
        coalesce(mov.origin like 'account.move,%', false) as is_reversal,
        mov.date as business_date,
        greatest(mov.create_date, mov.write_date) at time zone 'UTC' as recorded_at
    from move_lines as lin
    inner join moves as mov on lin.tenant_id = mov.tenant_id and lin.move_id = mov.id
    left join journals as jou
        on mov.source_id = jou.source_id and mov.journal = jou.id
    union all
    select
        tenant_id,
        'reconciliation' as document_type,
        reconciliation_id as document_id,
        item_number as line_id,
        null as moved_invoice_id,
        null as moved_kind,
        null as journal_type,
        account,
        null as ledger_account,
        null as payment_method,
        array[invoice_id, patient_id, case when is_payer then patient_id end] as owner,
        null as dimensions,
        currency_code,
        digits,
        amount,
        base_amount,
        false as is_exchange,
        false as is_reversal,
        settled_date as business_date,
        recorded_at
    from settlement_items
),

journal_lines as (
    select lin.*
    from document_lines as lin
    inner join tenants as ten on lin.tenant_id = ten.tenant_id
    where ten.reject_reason is null
)

select * from journal_lines
