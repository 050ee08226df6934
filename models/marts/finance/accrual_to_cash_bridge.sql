{# grain: one row per tenant, business date and currency #}
with account_movements as (
    select * from {{ ref('account_movements_daily') }}
),

revenue_point_days as (
    select * from {{ ref('revenue_point_daily') }}
),

moved_accounts as (
    select
        tenant_id,
        account,
        currency_code,
        credit_amount - debit_amount as amount,
        business_date
    from account_movements
),

-- revenue and money as the rollup of events has them, the rest as the accounts moved
measures as (
    select
        tenant_id,
        currency_code,
        net_revenue_amount,
        tax_amount,
        recovery_amount - write_off_amount as write_off_amount,
        0 as receivable_amount,
        0 as unapplied_credit_amount,
        0 as wallet_amount,
        0 as other_account_amount,
        cash_received_amount - cash_paid_out_amount + other_cash_amount
            as net_cash_amount,
        top_up_amount - withdrawal_amount as deposit_amount,
        wallet_use_amount - wallet_refund_amount as net_wallet_use_amount,
        other_cash_amount,
        collection_amount - refund_amount as net_collection_amount,
        business_date
    from revenue_point_days
    union all
    select
        tenant_id,
        currency_code,
        0 as net_revenue_amount,
        0 as tax_amount,
        0 as write_off_amount,
        case account when 'receivable' then amount else 0 end as receivable_amount,
        case account when 'unapplied_credit' then amount else 0 end
            as unapplied_credit_amount,
        case account when 'wallet_liability' then amount else 0 end as wallet_amount,
        case
            when
                account not in (
                    'revenue', 'discounts', 'contractual_adjustments', 'charity_care',
                    'credit_notes', 'write_offs', 'recoveries', 'tax_payable',
                    'receivable', 'unapplied_credit', 'wallet_liability', 'cash'
                )
                then amount
            else 0
        end as other_account_amount,
        0 as net_cash_amount,
        0 as deposit_amount,
        0 as net_wallet_use_amount,
        0 as other_cash_amount,
        0 as net_collection_amount,
        business_date
    from moved_accounts
),

days as (
    select
        tenant_id,
        currency_code,
        sum(net_revenue_amount)::numeric(18, 4) as net_revenue_amount,
        sum(tax_amount)::numeric(18, 4) as tax_amount,
        sum(write_off_amount)::numeric(18, 4) as write_off_amount,
        sum(receivable_amount)::numeric(18, 4) as receivable_amount,
        sum(unapplied_credit_amount)::numeric(18, 4) as unapplied_credit_amount,
        sum(wallet_amount)::numeric(18, 4) as wallet_amount,
        sum(other_account_amount)::numeric(18, 4) as other_account_amount,
        sum(net_cash_amount)::numeric(18, 4) as net_cash_amount,
        (-sum(deposit_amount))::numeric(18, 4) as deposit_amount,
        sum(net_wallet_use_amount)::numeric(18, 4) as net_wallet_use_amount,
        (-sum(other_cash_amount))::numeric(18, 4) as other_cash_amount,
        sum(net_collection_amount)::numeric(18, 4) as net_collection_amount,
        business_date
    from measures
    group by tenant_id, business_date, currency_code
),

bridge as (
    select
        tenant_id,
        currency_code,
        net_revenue_amount,
        tax_amount,
        write_off_amount,
        receivable_amount,
        unapplied_credit_amount,
        wallet_amount,
        other_account_amount,
        net_cash_amount,
        deposit_amount,
        net_wallet_use_amount,
        other_cash_amount,
        net_collection_amount,
        (
            net_revenue_amount
            + tax_amount
            + write_off_amount
            + receivable_amount
            + unapplied_credit_amount
            + wallet_amount
            + other_account_amount
            - net_cash_amount
        )::numeric(18, 4) as cash_residual_amount,
        (
            net_cash_amount
            + deposit_amount
            + net_wallet_use_amount
            + other_cash_amount
            - net_collection_amount
        )::numeric(18, 4) as collection_residual_amount,
        business_date
    from days
)

select * from bridge
