{# grain: one row per receivable or payable line of a posted move #}
with moves as (
    select * from {{ source('gnuhealth', 'account_move') }}
),

move_lines as (
    select * from {{ source('gnuhealth', 'account_move_line') }}
),

companies as (
    select * from {{ source('gnuhealth', 'company_company') }}
),

accounts as (
    select * from {{ ref('stg_gnuhealth__accounts') }}
),

own_invoices as (
    select * from {{ source('gnuhealth', 'account_invoice') }}
),

additional_moves as (
    select * from {{ source('gnuhealth', 'invoice_additional_moves') }}
),

additional_invoices as (
    select * from {{ source('gnuhealth', 'account_invoice') }}
),

cancelled_invoices as (
    select * from {{ source('gnuhealth', 'account_invoice') }}
),

payment_lines as (
    select * from {{ source('gnuhealth', 'invoice_payment_lines') }}
),

open_lines as (
    select
        mov.tenant_id,
        mov.source_id,
        mov.id as move_id,
        lin.id as line_id,
        lin.reconciliation as reconciliation_id,
        lin.account as account_id,
        lin.party as party_id,
        lin.second_currency as second_currency_id,
        com.currency as company_currency_id,
        acc.ledger_account,
        lin.amount_second_currency,
        lin.debit - lin.credit as base_amount,
        case
            when lin.debit <> 0 then acc.is_receivable_debit
            else acc.is_receivable_credit
        end as is_receivable,
        mov.date as move_date
    from companies as com
    inner join moves as mov
        on com.tenant_id = mov.tenant_id and com.source_id = mov.source_id
    inner join move_lines as lin
        on com.source_id = lin.source_id and mov.id = lin.move
    inner join accounts as acc
        on mov.tenant_id = acc.tenant_id and lin.account = acc.account_id
    where
        mov.state = 'posted'
        and case
            when lin.debit <> 0 then acc.is_receivable_debit or acc.is_payable_debit
            else acc.is_receivable_credit or acc.is_payable_credit
        end
),

-- by the line's move (the invoice's own, a further one, the one that cancels it) and,
-- for a payment, by the line itself
owned_lines as (
    select
        lin.*,
        coalesce(
            (
                select min(own.id) from own_invoices as own
                where
                    own.tenant_id = lin.tenant_id
                    and own.move = lin.move_id
                    and own.account = lin.account_id
            ),
            (
                select min(add_inv.id)
                from additional_moves as add_mov
                inner join additional_invoices as add_inv
                    on
                        add_mov.source_id = add_inv.source_id
                        and add_mov.invoice = add_inv.id
                where
                    add_mov.source_id = lin.source_id
                    and add_mov.move = lin.move_id
                    and add_inv.account = lin.account_id
            ),
            (
                select min(can.id) from cancelled_invoices as can
                where
                    can.tenant_id = lin.tenant_id
                    and can.cancel_move = lin.move_id
                    and can.account = lin.account_id
            )
        ) as moved_invoice_id,
        (
            select min(pay.invoice) from payment_lines as pay
            where pay.source_id = lin.source_id and pay.line = lin.line_id
        ) as paid_invoice_id
    from open_lines as lin
)

select * from owned_lines
