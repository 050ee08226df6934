{# grain: one row per receivable line that an issued customer invoice is paid by #}
with invoices as (
    select * from {{ source('gnuhealth', 'account_invoice') }}
),

moves as (
    select * from {{ source('gnuhealth', 'account_move') }}
),

move_lines as (
    select * from {{ source('gnuhealth', 'account_move_line') }}
),

invoice_receivables as (
    select
        inv.tenant_id,
        inv.id as invoice_id,
        lin.id as line_id,
        coalesce(lin.amount_second_currency, lin.debit - lin.credit) as amount,
        lin.debit - lin.credit as base_amount,
        lin.maturity_date as due_date
    from invoices as inv
    inner join moves as mov on inv.tenant_id = mov.tenant_id and inv.move = mov.id
    inner join move_lines as lin
        on
            mov.source_id = lin.source_id
            and mov.id = lin.move
            and inv.account = lin.account
    where inv.type = 'out' and mov.state = 'posted'
)

select * from invoice_receivables
