{#- Fails the release if a key has two current rows in what was computed anew: a unique index
    sees the rows of one release only. After a first fill it has seen them all. -#}
{% macro released_check_key(node, plan) %}
    {%- set store = 'store.' ~ adapter.quote(node.name) -%}
    {%- set scope = node.config.meta.scope -%}
    {%- set key = released_key(node) -%}
    {%- set found = released_run(
        "select min(twice.unique_key) from (select concat_ws(' ', " ~ released_list(key, 'cur')
        ~ ") as unique_key from " ~ store ~ " as cur "
        ~ ("" if plan.mode == 'full' else
            "inner join work." ~ adapter.quote(node.name ~ '__scopes') ~ " as sco on "
            ~ released_same(scope, 'cur', 'sco'))
        ~ " where cur.retired_in = 2147483647"
        ~ " group by " ~ released_list(key, 'cur') ~ " having count(*) > 1) as twice"
    ) -%}
    {%- if found.rows[0][0] is not none -%}
        {%- do exceptions.raise_compiler_error(
            node.name ~ " has more than one current row of " ~ key | join(', ') ~ ": "
            ~ found.rows[0][0]
        ) -%}
    {%- endif -%}
{% endmacro %}
