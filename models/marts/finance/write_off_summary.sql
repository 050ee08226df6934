{# grain: one row per tenant, month, category, status, share and currency #}
with write_offs as (
    select * from {{ ref('write_offs') }}
),

write_off_months as (
    select
        tenant_id,
        category,
        category_name,
        event_type,
        status,
        share,
        currency_code,
        sum(amount)::numeric(18, 4) as amount,
        coalesce(sum(amount) filter (where is_posted), 0)::numeric(18, 4)
            as posted_amount,
        coalesce(
            sum(amount) filter (where is_posted and is_reversed), 0
        )::numeric(18, 4) as reversed_amount,
        count(*) as write_off_count,
        date_trunc('month', business_date)::date as month_start_date
    from write_offs
    group by
        tenant_id,
        date_trunc('month', business_date),
        category,
        category_name,
        event_type,
        status,
        share,
        currency_code
)

select * from write_off_months
