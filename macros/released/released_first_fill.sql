{#- The first fill goes straight into the table, in the order of its key. -#}
{% macro released_first_fill(node, sql, release, condition='true') %}
    {%- set columns = released_columns(node) -%}
    {%- set key = released_key(node) -%}
    insert into store.{{ adapter.quote(node.name) }} (
        {{ released_list(columns) }}, released_in
    )
    select {{ released_list(columns, 'mod') }}, {{ release }}
    from ({{ sql }}) as mod
    where {{ condition }}
    order by {{ released_list(key, 'mod') }}
{% endmacro %}
