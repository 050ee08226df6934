{#-
    Notes the build, and fails it if a key has two current rows in what was computed anew: a
    unique index sees the rows of one release only. After a first fill it has seen them all.
-#}
{% macro released_close(node, plan) %}
    {%- set log = released_log(node, plan) -%}
    {%- if plan.is_first_fill -%}
        {%- do released_run(log) -%}
    {%- else -%}
        {%- set key = released_key(node) -%}
        {%- set twice = released_run(log ~ released_twice(node, plan)).rows[0][0] -%}
        {%- if twice is not none -%}
            {%- do exceptions.raise_compiler_error(
                node.name ~ " has more than one current row of " ~ key | join(', ') ~ ": "
                ~ twice
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

{#- A select that gives a key with two current rows among the computed ones, else null. -#}
{% macro released_twice(node, plan) %}
    {%- set key = released_key(node) -%}
    {%- set scope = node.config.meta.scope %}
    select min(twice.unique_key)
    from (
        select concat_ws(' ', {{ released_list(key, 'cur') }}) as unique_key
        from store.{{ adapter.quote(node.name) }} as cur
        {% if plan.mode != 'full' %}
        inner join work.{{ adapter.quote(node.name ~ '__scopes') }} as sco
            on {{ released_same(scope, 'cur', 'sco') }}
        {% endif %}
        where cur.retired_in = 2147483647
        group by {{ released_list(key, 'cur') }}
        having count(*) > 1
    ) as twice
{% endmacro %}
