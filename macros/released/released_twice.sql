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
