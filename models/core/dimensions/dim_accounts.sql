{# grain: one row per tenant and canonical account #}
with tenants as (
    select * from {{ ref('dim_tenants') }}
),

accounts as (
    select * from {{ ref('accounts') }}
),

tenant_accounts as (
    select
        ten.tenant_id,
        acc.account,
        acc.account_name,
        acc.account_type,
        acc.sort_order
    from tenants as ten
    cross join accounts as acc
)

select * from tenant_accounts
