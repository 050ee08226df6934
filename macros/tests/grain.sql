{#-
    One row per combination of a mart's `meta.grain`; a mart that holds for a day is looked
    at on the last day with data, for the tenants in turn. (Released models keep their key by
    themselves: released_close.)
-#}
{% test grain(model) %}
    {%- set columns = declared_grain(model) -%}
    {%- set is_as_of = 'as_of_date' in columns -%}
    {%- set periods = in_turn('reporting_periods') -%}
    select {{ released_list(columns, 'mod') }}
    {% if is_as_of %}
    from (select * from {{ periods }}) as per
    cross join lateral (
        select *
        from {{ model }} as inn
        where inn.tenant_id = per.tenant_id and inn.as_of_date = per.last_data_date
        offset 0
    ) as mod
    {% else %}
    from {{ model }} as mod
    {% endif %}
    group by {{ released_list(columns, 'mod') }}
    having count(*) > 1
{% endtest %}
