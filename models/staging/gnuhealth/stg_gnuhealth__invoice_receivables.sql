{# grain: one row per receivable line that an issued customer invoice is paid by #}
with invoices as (
    select * from {{ source('gnuhealth', 'account_invoice') }}
),

rescheduled_invoices as (
    select * from {{ source('gnuhealth', 'account_invoice') }}
),

moves as (
    select * from {{ source('gnuhealth', 'account_move') }}
),

further_moves as (
    select * from {{ source('gnuhealth', 'account_move') }}
),

additional_moves as (
    select * from {{ source('gnuhealth', 'invoice_additional_moves') }}
),

move_lines as (
    select * from {{ source('gnuhealth', 'account_move_line') }}
),

reconciled_lines as (
    select * from {{ source('gnuhealth', 'account_move_line') }}
),

own_additional_moves as (
    select * from {{ source('gnuhealth', 'invoice_additional_moves') }}
),

-- a further move says anew when, or by whom, a part of the invoice is to be paid
invoice_moves as (
    select
        inv.tenant_id,
        inv.source_id,
        inv.id as invoice_id,
        inv.account,
        inv.move as own_move,
        mov.id as move_id,
        mov.date as move_date
    from invoices as inv
    inner join moves as mov on inv.tenant_id = mov.tenant_id and inv.move = mov.id
    where inv.type = 'out' and mov.state = 'posted'
    union all
    select
        inv.tenant_id,
        inv.source_id,
        inv.id as invoice_id,
        inv.account,
        inv.move as own_move,
        mov.id as move_id,
        mov.date as move_date
    from rescheduled_invoices as inv
    inner join additional_moves as add_mov
        on inv.source_id = add_mov.source_id and inv.id = add_mov.invoice
    inner join further_moves as mov
        on inv.tenant_id = mov.tenant_id and add_mov.move = mov.id
    -- one that cancels a further move asks for nothing
    where
        inv.type = 'out'
        and mov.state = 'posted'
        and coalesce(mov.origin not like 'account.move,%', true)
),

-- lines that settle each other within the invoice are what the further move replaced
invoice_receivables as (
    select
        inv.tenant_id,
        inv.invoice_id,
        lin.id as line_id,
        coalesce(lin.amount_second_currency, lin.debit - lin.credit) as amount,
        lin.debit - lin.credit as base_amount,
        -- a day beyond the calendar is due as early, or as late, as can be
        case
            when lin.maturity_date is not null
                then greatest(least(lin.maturity_date, '2199-12-31'), '1900-01-01')
        end as due_date,
        greatest(least(inv.move_date, '2199-12-31'), '1900-01-01') as move_date
    from invoice_moves as inv
    inner join move_lines as lin
        on
            inv.source_id = lin.source_id
            and inv.move_id = lin.move
            and inv.account = lin.account
    where
        lin.reconciliation is null
        or exists (
            select from reconciled_lines as oth
            where
                oth.source_id = lin.source_id
                and oth.reconciliation = lin.reconciliation
                and oth.move <> inv.own_move
                and not exists (
                    select from own_additional_moves as own
                    where
                        own.source_id = inv.source_id
                        and own.invoice = inv.invoice_id
                        and own.move = oth.move
                )
        )
)

select * from invoice_receivables
