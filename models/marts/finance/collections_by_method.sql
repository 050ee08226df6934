{# grain: one row per tenant, business date, payment method and currency #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

method_collections as (
    select
        tenant_id,
        coalesce(
            payment_method,
            case
                when 'cash' in (debit_account, credit_account) then 'unknown'
                else 'wallet'
            end
        ) as payment_method,
        currency_code,
        {{ collection_measures() }},
        business_date
    from postings
    where {{ moves(collection_accounts()) }}
    group by
        tenant_id,
        business_date,
        coalesce(
            payment_method,
            case
                when 'cash' in (debit_account, credit_account) then 'unknown'
                else 'wallet'
            end
        ),
        currency_code
)

select * from method_collections
