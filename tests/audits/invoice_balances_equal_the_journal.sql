{# A11: on the last day, what every invoice has open is what its postings left in the
   receivable, and none is missing #}
with periods as (
    select * from {{ in_turn('reporting_periods') }}
),

invoice_balances as (
    select * from {{ ref('invoice_balances') }}
),

postings as (
    select * from {{ ref('fct_postings') }}
),

measures as (
    select
        per.tenant_id,
        bal.invoice_id,
        bal.currency_code,
        bal.open_amount
    from periods as per
    inner join lateral (
        select inn.*
        from invoice_balances as inn
        where inn.tenant_id = per.tenant_id and inn.as_of_date = per.last_data_date
        offset 0
    ) as bal on true
    union all
    select
        pos.tenant_id,
        pos.invoice_id,
        pos.currency_code,
        case pos.debit_account when 'receivable' then -pos.amount else pos.amount end
            as open_amount
    from periods as per
    inner join postings as pos
        on
            per.tenant_id = pos.tenant_id
            and per.last_data_date >= pos.business_date
            and pos.invoice_id is not null
            and 'receivable' in (pos.debit_account, pos.credit_account)
            and pos.debit_account <> pos.credit_account
),

differing_invoices as (
    select
        tenant_id,
        invoice_id,
        currency_code,
        sum(open_amount) as difference
    from measures
    group by tenant_id, invoice_id, currency_code
    having sum(open_amount) <> 0
)

select * from differing_invoices
