{# grain: one row per tenant, business date, practitioner and currency #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

practitioners as (
    select * from {{ ref('dim_practitioners') }}
),

practitioner_revenue as (
    select
        tenant_id,
        coalesce(practitioner_id, 0) as practitioner_id,
        currency_code,
        {{ revenue_measures() }},
        business_date
    from postings
    where {{ moves(revenue_accounts()) }}
    group by
        tenant_id,
        business_date,
        currency_code,
        coalesce(practitioner_id, 0)
),

labelled_revenue as (
    select
        rev.tenant_id,
        rev.practitioner_id,
        case
            when rev.practitioner_id = 0 then 'Unattributed'
            else coalesce(pra.practitioner_name, 'Unknown practitioner')
        end as practitioner_name,
        rev.currency_code,
        {{ earned_revenue('rev') }},
        rev.business_date
    from practitioner_revenue as rev
    left join practitioners as pra
        on
            rev.tenant_id = pra.tenant_id
            and rev.practitioner_id = pra.practitioner_id
)

select * from labelled_revenue
