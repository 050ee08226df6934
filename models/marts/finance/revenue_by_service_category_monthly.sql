{# grain: one row per tenant, month, service category and currency #}
with category_days as not materialized (
    select * from {{ ref('revenue_by_service_category') }}
),

reported_months as (
    {{ reported_months('first_revenue_date') }}
),

category_months as (
    {{ revenue_months('reported_months', 'category_days', ['service_category']) }}
),

shared_months as (
    {{ with_shares(
        'category_months',
        'net_revenue_amount',
        ['tenant_id', 'month_start_date', 'currency_code'],
        ['service_category']
    ) }}
),

labelled_months as (
    select
        mon.tenant_id,
        mon.service_category,
        mon.currency_code,
        {{ compared_revenue('mon') }}
    from shared_months as mon
)

select * from labelled_months
