{# grain: one row per tenant, month, service category and currency #}
with category_days as (
    select * from {{ ref('revenue_by_service_category') }}
),

category_months as (
    {{ revenue_months('category_days', ['service_category']) }}
),

shared_months as (
    {{ with_shares(
        'category_months',
        'net_revenue_amount',
        ['tenant_id', 'month_start_date', 'currency_code'],
        ['service_category']
    ) }}
),

compared_months as (
    {{ with_growth('shared_months', 'net_revenue_amount', ['service_category']) }}
),

labelled_months as (
    select
        mon.tenant_id,
        mon.service_category,
        mon.currency_code,
        {{ compared_revenue('mon') }}
    from compared_months as mon
)

select * from labelled_months
