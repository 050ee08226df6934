{#- The first fill goes straight into the table, in the order of its key. Two sessions share one
    with partitions, the largest. -#}
{% macro released_first_fill(node, sql, release) %}
    {%- set columns = released_columns(node) -%}
    {%- set settings = released_whole_model() -%}
    {%- set insert = 'insert into store.' ~ adapter.quote(node.name) ~ ' ('
        ~ released_list(columns) ~ ', released_in) select ' ~ released_list(columns, 'mod')
        ~ ', ' ~ release ~ ' from (' ~ sql ~ ') as mod' -%}
    {%- set order = ' order by ' ~ released_list(released_key(node), 'mod') -%}
    {%- if released_partitions(node) -%}
        {%- set half = released_half(node, 'mod') -%}
        {%- do released_share(
            settings, insert ~ ' where ' ~ half ~ order, insert ~ ' where not ' ~ half ~ order
        ) -%}
    {%- else -%}
        {%- do released_run(settings ~ insert ~ order) -%}
    {%- endif -%}
{% endmacro %}
