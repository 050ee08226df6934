{# grain: one row per receivable or payable line of a posted move #}
-- depends_on: {{ source('gnuhealth', 'account_move_line') }}
-- (a line that leaves a reconciliation changes those that stay in it)
with open_lines as (
    select * from {{ ref('stg_gnuhealth__open_lines') }}
),

reconciled_lines as (
    select * from {{ ref('stg_gnuhealth__open_lines') }}
),

-- a line of no invoice, with what the lines it is reconciled with have in common; the
-- lateral join looks them up only for such a line
reconciled_with as (
    select
        lin.*,
        rec.settled_invoice_id,
        rec.settled_kind,
        rec.settled_currency_code,
        -- an exchange difference moves the company's currency only: the other lines are
        -- all in one second currency and come out even in it
        lin.invoice_id is null
        and not lin.has_second_currency
        and coalesce(rec.is_even_second_currency, false) as is_exchange,
        -- a line settles the one invoice that it is reconciled with on its own day;
        -- later, or of several invoices, it is the reconciliation that applies it
        coalesce(
            rec.invoice_count = 1
            and rec.settled_date = lin.move_date
            and (
                rec.settled_currency_code = lin.currency_code
                or (rec.is_even_second_currency and not lin.has_second_currency)
            ),
            false
        ) as is_settling,
        -- the last of lines of no invoice: payment of a debt, refund of a credit
        coalesce(
            rec.invoice_count = 0
            and rec.settled_date = lin.move_date
            and rec.last_line_id < lin.line_id
            and rec.is_opposite,
            false
        ) as is_counterpart
    from open_lines as lin
    left join lateral (
        select
            min(oth.invoice_id) as settled_invoice_id,
            min(oth.invoice_kind) as settled_kind,
            min(oth.currency_code) filter (where oth.invoice_id is not null)
                as settled_currency_code,
            count(distinct oth.invoice_id) as invoice_count,
            bool_and(oth.has_second_currency)
            and min(oth.currency_code) = max(oth.currency_code)
            and sum(oth.amount) = 0 as is_even_second_currency,
            bool_and(sign(oth.base_amount) = -sign(lin.base_amount)) as is_opposite,
            max(oth.line_id) as last_line_id,
            greatest(max(oth.move_date), lin.move_date) as settled_date
        from reconciled_lines as oth
        where
            lin.invoice_id is null
            and oth.tenant_id = lin.tenant_id
            and oth.reconciliation_id = lin.reconciliation_id
            and oth.line_id <> lin.line_id
    ) as rec on true  -- noqa: ST05
),

invoice_lines as (
    select
        tenant_id,
        move_id,
        line_id,
        reconciliation_id,
        case when is_settling then settled_invoice_id else invoice_id end as invoice_id,
        moved_invoice_id,
        patient_id,
        case when is_settling then settled_kind else invoice_kind end as invoice_kind,
        ledger_account,
        case when is_settling then settled_currency_code else currency_code end
            as currency_code,
        digits,
        case when is_settling and is_exchange then 0 else amount end as amount,
        base_amount,
        is_receivable,
        is_payer,
        is_exchange,
        is_counterpart,
        move_date
    from reconciled_with
),

settled_lines as (
    select
        *,
        case
            when not is_receivable then 'payable'
            when invoice_kind = 'credit_note' then 'unapplied_credit'
            when invoice_id is not null then 'receivable'
            when (base_amount > 0) <> is_counterpart then 'receivable'
            else 'unapplied_credit'
        end as account
    from invoice_lines
)

select * from settled_lines
