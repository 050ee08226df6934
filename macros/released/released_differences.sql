{#- One statement: compares the current rows of the changed scopes with the new ones, retires
    what disappeared or changed, inserts what is new, and feeds both to dependants. With `half`,
    '' or 'not', of half of the scopes. -#}
{% macro released_differences(node, plan, half=none) %}
    {%- set store = 'store.' ~ adapter.quote(node.name) -%}
    {%- set scope = node.config.meta.scope -%}
    {%- set key = released_key(node) -%}
    {%- set columns = released_columns(node) -%}
    {%- set fed = released_feed_columns(node) -%}
    with current_rows as (
        select cur.*
        {% if plan.mode == 'full' %}
        from {{ store }} as cur
        where
            cur.retired_in = 2147483647
            {{ 'and ' ~ half ~ ' ' ~ released_half(node, 'cur') if half is not none }}
        {% else %}
        from work.{{ adapter.quote(node.name ~ '__scopes') }} as sco
        inner join {{ store }} as cur
            on
                {{ released_same(scope, 'cur', 'sco') }}
                and cur.retired_in = 2147483647
        {{ 'where ' ~ half ~ ' ' ~ released_half(node, 'sco') if half is not none }}
        {% endif %}
    ),

    computed_rows as (
        select inc.*
        from work.{{ adapter.quote(node.name ~ '__rows') }} as inc
        {{ 'where ' ~ half ~ ' ' ~ released_half(node, 'inc') if half is not none }}
    ),

    compared as (
        select
            {% for column in key -%}
            cur.{{ adapter.quote(column) }} as {{ adapter.quote('old_' ~ column) }},
            {% endfor -%}
            {{ released_list(columns, 'inc') }}
        from current_rows as cur
        full join computed_rows as inc
            on {{ released_same(key, 'cur', 'inc') }}
        where
            row({{ released_list(columns, 'cur') }})
            is distinct from row({{ released_list(columns, 'inc') }})
    ),

    retired as (
        update {{ store }} as sto
        set retired_in = {{ plan.release }}
        from compared as com
        where
            {% for column in key -%}
            sto.{{ adapter.quote(column) }} = com.{{ adapter.quote('old_' ~ column) }} and
            {% endfor -%}
            sto.retired_in = 2147483647
        returning {{ released_list(fed, 'sto') }}
    ),

    inserted as (
        insert into {{ store }} ({{ released_list(columns) }}, released_in)
        select {{ released_list(columns, 'com') }}, {{ plan.release }}
        from compared as com
        where com.tenant_id is not null
        returning {{ released_list(fed) }}
    )

    insert into feed.{{ adapter.quote(node.name) }} (release_id, {{ released_list(fed) }})
    select {{ plan.release }}, {{ released_list(fed) }} from retired
    union
    select {{ plan.release }}, {{ released_list(fed) }} from inserted
{% endmacro %}
