{#- Makes what a released model keeps: its table, feed and work tables; gives the columns that
    the contract has gained and the table lacks yet.
    The builder waits for readers at most ten seconds: those after it would wait as long. -#}
{% macro released_prepare(node) %}
    {%- do released_run("set local lock_timeout = '10s'") -%}
    {%- do released_check(node) -%}
    {%- set found = released_run(
        "select to_regclass('store." ~ adapter.quote(node.name) ~ "') is not null"
    ) -%}
    {%- if found.rows[0][0] -%}
        {{ return(released_alter(node)) }}
    {%- endif -%}
    {%- do released_run(released_create(node)) -%}
    {%- do released_run(secure_store(node.name, released_partitions(node))) -%}
    {{ return({}) }}
{% endmacro %}
