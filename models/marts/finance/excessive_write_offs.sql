{# grain: one row per tenant and write-off that takes more than its share had open #}
with write_offs as (
    select * from {{ ref('fct_postings') }}
),

postings as (
    select * from {{ ref('fct_postings') }}
),

withdrawals as (
    select * from {{ ref('fct_postings') }}
),

-- A8: the share of the invoice up to the end of the day, the write-off included
excessive_write_offs as (
    select
        wof.tenant_id,
        wof.document_id as adjustment_id,
        wof.invoice_id,
        wof.department_id,
        wof.event_type,
        wof.share,
        wof.currency_code,
        wof.amount,
        (-rec.open_amount)::numeric(18, 4) as excess_amount,
        wof.business_date
    from write_offs as wof
    inner join lateral (
        select
            sum(
                case pos.debit_account
                    when 'receivable' then pos.amount
                    else -pos.amount
                end
            ) as open_amount
        from postings as pos
        where
            pos.tenant_id = wof.tenant_id
            and pos.invoice_id = wof.invoice_id
            and pos.share = wof.share
            and pos.business_date <= wof.business_date
            and 'receivable' in (pos.debit_account, pos.credit_account)
            and pos.debit_account <> pos.credit_account
    ) as rec on true
    where
        wof.document_type = 'adjustment'
        and wof.credit_account = 'receivable'
        and not wof.is_reversal
        and wof.carried_to >= 0
        and rec.open_amount < 0
        -- what a later month withdrew of a closed one stands no more (T2)
        and not exists (
            select 1
            from withdrawals as wit
            where
                wof.tenant_id = wit.tenant_id
                and wof.document_type = wit.document_type
                and wof.document_id = wit.document_id
                and wof.line_id = wit.line_id
                and wof.event_type = wit.event_type
                and wof.share = wit.share
                and wit.is_reversal
                and -wit.carried_to > {{ month_number('wof.business_date') }}
        )
)

select * from excessive_write_offs
