{#- Months of money, summed over a CTE of days that has the measures of money, with the growth of
    net collections (`compared_months`). -#}
{% macro collection_months(months, days, members=[]) -%}
    {{ compared_months(
        months, days, members, collection_sums(),
        'net_collection_amount', of_days='collection_amount - refund_amount'
    ) }}
{%- endmacro %}
