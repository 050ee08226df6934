{# grain: one row per tenant and business date #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

-- signed by the leg that is revenue; of collections by the leg that is money
daily_sums as (
    select
        tenant_id,
        coalesce(
            sum(
                case
                    when
                        credit_account in (
                            'revenue', 'discounts', 'contractual_adjustments',
                            'charity_care', 'credit_notes'
                        )
                        then base_amount
                    else 0
                end
                - case
                    when
                        debit_account in (
                            'revenue', 'discounts', 'contractual_adjustments',
                            'charity_care', 'credit_notes'
                        )
                        then base_amount
                    else 0
                end
            ),
            0
        )::numeric(18, 4) as net_revenue_base_amount,
        coalesce(
            sum(base_amount) filter (
                where
                debit_account in ('cash', 'wallet_liability')
                and credit_account in ('receivable', 'unapplied_credit')
            ),
            0
        )::numeric(18, 4)
        - coalesce(
            sum(base_amount) filter (
                where
                credit_account in ('cash', 'wallet_liability')
                and debit_account in ('receivable', 'unapplied_credit')
            ),
            0
        )::numeric(18, 4) as collected_base_amount,
        business_date
    from postings
    group by tenant_id, business_date
),

revenue_and_collections as (
    select
        tenant_id,
        net_revenue_base_amount,
        collected_base_amount::numeric(18, 4) as collected_base_amount,
        business_date
    from daily_sums
    where net_revenue_base_amount <> 0 or collected_base_amount <> 0
)

select * from revenue_and_collections
