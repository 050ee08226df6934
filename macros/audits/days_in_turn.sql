{#- The tenants of `in_turn` with the days to look at, `from_date` to `to_date`: all of a small
    group, of a tenant that an audit holds and after a full recompute, else a quarter of a year,
    another one at each turn. What is the same day by day costs as much with a long history. -#}
{% macro days_in_turn(model_name) %}
    {%- set periods = in_turn(model_name) -%}
    {%- set mode = audit_mode() if execute else 'history' -%}
    {%- set is_whole, slice, slices = "true", "0", "1" -%}
    {%- if mode not in ('history', 'whole') -%}
        {%- set is_whole = "turns = 1"
            ~ (" or tenant_id in (" ~ held_tenants() ~ ")" if held_tenants() else "") -%}
        {%- set slices = "greatest((last_data_date - first_date) / 92 + 1, 1)" -%}
        {%- set slice = "(" ~ open_plan()[0]['release_id'] ~ " / turns)::int % " ~ slices -%}
    {%- endif -%}
    {{ return(
        "(select *, case when is_whole or slice = 0 then '-infinity' else first_date + 92 * slice"
        ~ " end as from_date, case when is_whole or slice = slices - 1 then 'infinity'"
        ~ " else first_date + 92 * slice + 91 end as to_date from (select *, "
        ~ is_whole ~ " as is_whole, " ~ slice ~ " as slice, " ~ slices ~ " as slices from "
        ~ periods ~ ") as sliced) as days_in_turn"
    ) }}
{% endmacro %}
