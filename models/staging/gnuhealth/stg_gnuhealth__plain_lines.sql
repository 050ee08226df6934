{# grain: one row per line of a posted move that is neither receivable nor payable #}
with moves as (
    select * from {{ source('gnuhealth', 'account_move') }}
),

move_lines as (
    select * from {{ source('gnuhealth', 'account_move_line') }}
),

cancelled_lines as (
    select * from {{ source('gnuhealth', 'account_move_line') }}
),

accounts as (
    select * from {{ ref('stg_gnuhealth__accounts') }}
),

visits as (
    select * from {{ ref('stg_gnuhealth__invoice_line_visits') }}
),

companies as (
    select * from {{ source('gnuhealth', 'company_company') }}
),

currencies as (
    select * from {{ source('gnuhealth', 'currency_currency') }}
),

-- the line of a cancelling move has its origin in the line it cancels
move_line_origins as (
    select
        mov.tenant_id,
        mov.source_id,
        mov.id as move_id,
        lin.id as line_id,
        lin.account as account_id,
        lin.second_currency,
        coalesce(can.origin, lin.origin) as origin,
        coalesce(lin.amount_second_currency, lin.debit - lin.credit) as amount,
        lin.debit - lin.credit as base_amount,
        lin.debit <> 0 as is_debit
    from moves as mov
    inner join move_lines as lin
        on mov.source_id = lin.source_id and mov.id = lin.move
    left join cancelled_lines as can
        on
            lin.source_id = can.source_id
            and can.id = {{ referenced_id('lin.origin', 'account.move.line') }}
    where mov.state = 'posted'
),

plain_lines as (
    select
        lin.tenant_id,
        lin.move_id,
        lin.line_id,
        vis.department_id,
        vis.practitioner_id,
        vis.product_id as service_id,
        case
            when lin.origin like 'account.invoice.tax,%' and not acc.is_result
                then 'tax_payable'
            else acc.account
        end as account,
        acc.ledger_account,
        case when acc.account = 'cash' then acc.payment_method end as payment_method,
        cur.code as currency_code,
        cur.digits,
        lin.amount,
        lin.base_amount,
        acc.is_result
    from move_line_origins as lin
    inner join accounts as acc
        on
            lin.tenant_id = acc.tenant_id
            and lin.account_id = acc.account_id
            and case
                when lin.is_debit
                    then not (acc.is_receivable_debit or acc.is_payable_debit)
                else not (acc.is_receivable_credit or acc.is_payable_credit)
            end
    inner join companies as com on lin.tenant_id = com.tenant_id
    left join currencies as cur
        on
            lin.source_id = cur.source_id
            and cur.id = coalesce(lin.second_currency, com.currency)
    left join visits as vis
        on
            lin.tenant_id = vis.tenant_id
            and vis.invoice_line_id
            = {{ referenced_id('lin.origin', 'account.invoice.line') }}
)

select * from plain_lines
