{#- Makes what a released model keeps: its table, feed, work tables and the builder's view;
    adds columns that the contract has gained. Removing or retyping one is a new model version.
    The builder waits for readers at most ten seconds: those after it would wait as long. -#}
{% macro released_prepare(node, target_relation) %}
    {%- do released_run("set local lock_timeout = '10s'") -%}
    {%- do released_check(node) -%}
    {%- set found = released_run(
        "select attname, format_type(atttypid, atttypmod) from pg_catalog.pg_attribute"
        ~ " where attrelid = to_regclass('store." ~ adapter.quote(node.name) ~ "')"
        ~ " and attnum > 0 and not attisdropped"
    ) -%}
    {%- if not found.rows -%}
        {%- do released_run(released_create(node)) -%}
        {%- do released_run(secure_store(node.name, released_partitions(node))) -%}
    {%- else -%}
        {%- do released_alter(node, found.rows) -%}
    {%- endif -%}
    {%- do released_run(released_view(node, target_relation)) -%}
{% endmacro %}
