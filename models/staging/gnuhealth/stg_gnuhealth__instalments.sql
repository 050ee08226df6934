{# grain: one row per due date of an invoice payable in parts #}
with invoice_receivables as (
    select * from {{ ref('stg_gnuhealth__invoice_receivables') }}
),

due_dates as (
    select
        tenant_id,
        invoice_id,
        -- as Tryton: what has no day is due on its move's
        coalesce(due_date, move_date) as due_date,
        sum(amount) as amount
    from invoice_receivables
    group by tenant_id, invoice_id, coalesce(due_date, move_date)
),

numbered_instalments as (
    select
        tenant_id,
        invoice_id,
        row_number() over (
            partition by tenant_id, invoice_id order by due_date
        )::int as instalment_number,
        due_date,
        amount,
        count(*) over (partition by tenant_id, invoice_id) as instalment_count,
        sum(amount) over (partition by tenant_id, invoice_id) as invoice_amount,
        bool_and({{ is_bounded('amount') }}) over (partition by tenant_id, invoice_id)
            as are_bounded
    from due_dates
),

instalments as (
    select
        tenant_id,
        invoice_id,
        null::bigint as instalment_id,
        instalment_number,
        amount,
        due_date,
        null::timestamptz as recorded_at,
        null::text as reject_reason,
        null::jsonb as rejected_row
    from numbered_instalments
    -- lines of a move that does not post (ledger_entries) are no parts
    where instalment_count > 1 and invoice_amount >= 0 and are_bounded
)

select * from instalments
