{#-
    One row per combination of a mart's `meta.grain`. A mart of days or months is looked at for
    the tenants in turn; one that holds for a day, on the last day with data; one that compares
    each period with each, for the last of them; one that keeps an expression, at once.
    (Released models keep their key by themselves: released_close.)
-#}
{% test grain(model) %}
    {%- set mart = tested_mart(model) -%}
    {%- set columns = mart.config.meta.grain if mart else ['tenant_id'] -%}
    {%- set is_of_pairs = 'compared_start_date' in columns -%}
    {%- set is_kept = mart and 'as materialized' in mart.raw_code and not is_of_pairs -%}
    {%- set is_as_of = 'as_of_date' in columns -%}
    {%- set is_of_periods = ['business_date', 'month_start_date', 'period_start_date']
        | select('in', columns) | list -%}
    {%- set periods = in_turn('reporting_periods') -%}
    select {{ released_list(columns, 'mod') }}
    {% if is_kept %}
    from {{ at_once(model, periods) }} as mod
    {% elif is_as_of %}
    from (select * from {{ periods }}) as per
    cross join lateral (
        select *
        from {{ model }} as inn
        where inn.tenant_id = per.tenant_id and inn.as_of_date = per.last_data_date
        offset 0
    ) as mod
    {% elif is_of_periods %}
    from (select * from {{ periods }}) as per
    cross join lateral (
        select *
        from {{ model }} as inn
        where
            inn.tenant_id = per.tenant_id
            {%- if is_of_pairs %}
            and inn.period_start_date
            = date_trunc(inn.period, per.last_data_date::timestamp)::date
            {%- endif %}
        offset 0
    ) as mod
    {% else %}
    from {{ model }} as mod
    {% endif %}
    group by {{ released_list(columns, 'mod') }}
    having count(*) > 1
{% endtest %}
