{# V2, V10: departments, the unattributed one included, sum to the journal's accounts #}
with department_revenue as (
    select * from {{ changed('department_revenue_daily', feed='fct_postings') }}
),

account_movements as (
    select * from {{ changed('account_movements_daily', feed='fct_postings') }}
),

measures as (
    select
        tenant_id,
        currency_code,
        business_date,
        gross_charge_amount,
        net_revenue_amount,
        tax_amount
    from department_revenue
    union all
    select
        tenant_id,
        currency_code,
        business_date,
        case account when 'revenue' then debit_amount - credit_amount else 0 end
            as gross_charge_amount,
        case
            when account in (
                    'revenue',
                    'discounts',
                    'contractual_adjustments',
                    'charity_care',
                    'credit_notes'
                ) then debit_amount - credit_amount
            else 0
        end as net_revenue_amount,
        case account when 'tax_payable' then debit_amount - credit_amount else 0 end
            as tax_amount
    from account_movements
),

differing_days as (
    select
        tenant_id,
        currency_code,
        business_date,
        sum(gross_charge_amount) as gross_difference,
        sum(net_revenue_amount) as net_difference,
        sum(tax_amount) as tax_difference
    from measures
    group by tenant_id, currency_code, business_date
    having
        sum(gross_charge_amount) <> 0
        or sum(net_revenue_amount) <> 0
        or sum(tax_amount) <> 0
)

select * from differing_days
