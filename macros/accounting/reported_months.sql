{#- The months that a tenant has anything on record in, each with the two that growth compares it
    with, and with whether all its days are on record, from the first of a kind on. They come
    from `reporting_periods`: who asks for one month has nothing else looked up. A release from
    before it kept the first of a kind knows neither. -#}
{% macro reported_months(first_date) -%}
    {%- set kinds = ['first_revenue_date', 'first_collection_date', 'first_revenue_point_date'] -%}
    {%- if first_date not in kinds -%}
        {%- do exceptions.raise_compiler_error(
            "reported_months: first_date must be one of " ~ kinds | join(', ') ~ ", got "
            ~ first_date
        ) -%}
    {%- endif -%}
select
    per.tenant_id,
    mon.start_at >= per.{{ first_date }}
    and mon.start_at + interval '1 month' <= per.last_data_date + 1 as is_complete,
    per.{{ first_date }} as first_date,
    mon.start_at::date as month_start_date,
    (mon.start_at + interval '1 month')::date as next_month_start_date,
    (mon.start_at - interval '1 month')::date as previous_month_start_date,
    (mon.start_at - interval '1 year')::date as last_year_month_start_date,
    (mon.start_at - interval '11 months')::date as last_year_next_month_start_date
from {{ ref('reporting_periods') }} as per
cross join
    lateral generate_series(
        date_trunc('month', per.first_date::timestamp),
        per.last_data_date,
        interval '1 month'
    ) as mon (start_at)
{%- endmacro %}
