{# A11: on the last day, what bills of all statuses charged and have open is what the postings of
   invoices say, and each issued invoice is counted once #}
with periods as (
    select * from {{ in_turn('reporting_periods') }}
),

bill_statuses as (
    select * from {{ ref('bill_status_summary') }}
),

postings as (
    select * from {{ ref('fct_postings') }}
),

invoices as (
    select * from {{ ref('fct_invoices') }}
),

measures as (
    select
        per.tenant_id,
        sta.currency_code,
        sta.billed_amount,
        sta.open_amount,
        sta.invoice_count
    from periods as per
    inner join lateral (
        select inn.*
        from bill_statuses as inn
        where inn.tenant_id = per.tenant_id and inn.as_of_date = per.last_data_date
        offset 0
    ) as sta on true
    union all
    select
        per.tenant_id,
        pos.currency_code,
        case
            when {{ is_void('pos') }} then 0
            when
                pos.event_type in ('invoice_line', 'line_discount', 'line_tax')
                then
                    case pos.debit_account
                        when 'receivable' then -pos.amount
                        else pos.amount
                    end
            else 0
        end as billed_amount,
        case pos.debit_account when 'receivable' then -pos.amount else pos.amount end
            as open_amount,
        0 as invoice_count
    from periods as per
    inner join postings as pos
        on
            per.tenant_id = pos.tenant_id
            and per.last_data_date >= pos.business_date
            and pos.invoice_id is not null
            and 'receivable' in (pos.debit_account, pos.credit_account)
            and pos.debit_account <> pos.credit_account
    union all
    select
        per.tenant_id,
        inv.currency_code,
        0 as billed_amount,
        0 as open_amount,
        -1 as invoice_count
    from periods as per
    inner join invoices as inv
        on
            per.tenant_id = inv.tenant_id
            and per.last_data_date >= inv.invoice_date
),

differing_sums as (
    select
        tenant_id,
        currency_code,
        sum(billed_amount) as billed_difference,
        sum(open_amount) as open_difference,
        sum(invoice_count) as count_difference
    from measures
    group by tenant_id, currency_code
    having
        sum(billed_amount) <> 0
        or sum(open_amount) <> 0
        or sum(invoice_count) <> 0
)

select * from differing_sums
