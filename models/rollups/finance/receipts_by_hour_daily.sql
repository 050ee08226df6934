{# grain: one row per tenant, business date, hour and currency #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

hour_sums as (
    select
        tenant_id,
        coalesce(receipt_hour, -1)::smallint as receipt_hour,
        currency_code,
        -- what a closed period withdraws is less money, but no receipt
        count(distinct row(document_type, document_id)) filter (where carried_to >= 0)
            as receipt_count,
        (
            -{{ net_credit('cash') }} - {{ net_credit('wallet_liability') }}
        )::numeric(18, 4) as receipt_amount,
        business_date
    from postings
    where
        event_type in ('payment', 'payment_unapplied')
        and not {{ is_void() }}
        and {{ moves(['cash', 'wallet_liability']) }}
    group by tenant_id, business_date, coalesce(receipt_hour, -1), currency_code
)

select * from hour_sums
