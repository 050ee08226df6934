{# V1, V2, V5: revenue points, the unattributed one included, sum to the journal's accounts, and
   the bridge from revenue to cash and collections has no residual #}
with revenue_points as (
    select * from {{ changed('revenue_point_daily', feed='fct_postings') }}
),

account_movements as (
    select * from {{ changed('account_movements_daily', feed='fct_postings') }}
),

bridge as (
    select *
    from
        {{ changed(
            'accrual_to_cash_bridge', ['tenant_id', 'business_date'], feed='fct_postings'
        ) }}
),

measures as (
    select
        tenant_id,
        currency_code,
        business_date,
        net_revenue_amount,
        tax_amount,
        recovery_amount - write_off_amount as write_off_amount,
        cash_received_amount - cash_paid_out_amount + other_cash_amount as cash_amount
    from revenue_points
    union all
    select
        tenant_id,
        currency_code,
        business_date,
        case
            when
                account in (
                    'revenue',
                    'discounts',
                    'contractual_adjustments',
                    'charity_care',
                    'credit_notes'
                ) then debit_amount - credit_amount
            else 0
        end as net_revenue_amount,
        case account when 'tax_payable' then debit_amount - credit_amount else 0 end
            as tax_amount,
        case
            when account in ('write_offs', 'recoveries')
                then debit_amount - credit_amount
            else 0
        end as write_off_amount,
        case account when 'cash' then credit_amount - debit_amount else 0 end
            as cash_amount
    from account_movements
),

differing_days as (
    select
        tenant_id,
        currency_code,
        business_date,
        sum(net_revenue_amount) as net_difference,
        sum(tax_amount) as tax_difference,
        sum(write_off_amount) as write_off_difference,
        sum(cash_amount) as cash_difference
    from measures
    group by tenant_id, currency_code, business_date
    having
        sum(net_revenue_amount) <> 0
        or sum(tax_amount) <> 0
        or sum(write_off_amount) <> 0
        or sum(cash_amount) <> 0
),

unbridged_days as (
    select
        tenant_id,
        currency_code,
        business_date,
        cash_residual_amount as net_difference,
        0 as tax_difference,
        0 as write_off_difference,
        collection_residual_amount as cash_difference
    from bridge
    where cash_residual_amount <> 0 or collection_residual_amount <> 0
)

select * from differing_days
union all
select * from unbridged_days
