{#- A CTE of the days that an audit of balances looks at: of each period the last day with data
    and the month end before. -#}
{% macro tested_days(periods) -%}
select
    per.tenant_id,
    day.as_of_date
from {{ periods }} as per
inner join lateral (
    values
    (per.last_data_date),
    ((date_trunc('month', per.last_data_date) - interval '1 day')::date)
) as day (as_of_date) on true
where day.as_of_date >= per.first_date
{%- endmacro %}
