{# grain: one row per tenant, business date, revenue point and currency #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

-- what each document brings the revenue point on the day
document_figures as (
    select
        tenant_id,
        revenue_point_code,
        document_type,
        document_id,
        currency_code,
        {{ revenue_measures(is_of_document=true) }},
        {{ net_credit('recoveries') }} as recovery_amount,
        {{ collection_measures() }},
        business_date
    from postings
    where {{ moves(revenue_point_accounts()) }}
    group by
        tenant_id,
        business_date,
        revenue_point_code,
        currency_code,
        document_type,
        document_id
),

revenue_points as (
    select
        tenant_id,
        revenue_point_code,
        currency_code,
        sum(gross_charge_amount)::numeric(18, 4) as gross_charge_amount,
        sum(discount_amount)::numeric(18, 4) as discount_amount,
        sum(contractual_adjustment_amount)::numeric(18, 4)
            as contractual_adjustment_amount,
        sum(charity_care_amount)::numeric(18, 4) as charity_care_amount,
        sum(credit_note_amount)::numeric(18, 4) as credit_note_amount,
        sum(net_revenue_amount)::numeric(18, 4) as net_revenue_amount,
        sum(write_off_amount)::numeric(18, 4) as write_off_amount,
        sum(recovery_amount)::numeric(18, 4) as recovery_amount,
        sum(tax_amount)::numeric(18, 4) as tax_amount,
        sum(cash_received_amount)::numeric(18, 4) as cash_received_amount,
        sum(cash_paid_out_amount)::numeric(18, 4) as cash_paid_out_amount,
        sum(other_cash_amount)::numeric(18, 4) as other_cash_amount,
        sum(collection_amount)::numeric(18, 4) as collection_amount,
        sum(refund_amount)::numeric(18, 4) as refund_amount,
        sum(top_up_amount)::numeric(18, 4) as top_up_amount,
        sum(withdrawal_amount)::numeric(18, 4) as withdrawal_amount,
        sum(wallet_use_amount)::numeric(18, 4) as wallet_use_amount,
        sum(wallet_refund_amount)::numeric(18, 4) as wallet_refund_amount,
        sum(unbilled_wallet_use_amount)::numeric(18, 4) as unbilled_wallet_use_amount,
        sum(line_count)::bigint as line_count,
        sum(invoice_count)::bigint as invoice_count,
        sum(receipt_count)::bigint as receipt_count,
        sum(refund_count)::bigint as refund_count,
        business_date
    from document_figures
    group by tenant_id, business_date, revenue_point_code, currency_code
)

select * from revenue_points
