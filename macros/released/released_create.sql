{#- The statements that create a released model's tables. -#}
{% macro released_create(node) %}
    {%- set name = adapter.quote(node.name) -%}
    {%- set partitions = released_partitions(node) %}
    create table store.{{ name }} (
        {% for column in node.columns.values() -%}
        {{ adapter.quote(column.name) }} {{ column.data_type }}
        {%- if 'not_null' in column.constraints | map(attribute='type') %} not null{% endif %},
        {% endfor -%}
        released_in int not null,
        retired_in int not null default 2147483647
    ) {{ 'partition by hash (tenant_id)' if partitions else 'with (' ~ released_storage() ~ ')' }};
    {% for number in range(partitions) %}
    create table store.{{ adapter.quote(node.name ~ '_p' ~ number) }}
    partition of store.{{ name }}
    for values with (modulus {{ partitions }}, remainder {{ number }})
    with ({{ released_storage() }});
    {% endfor %}
    create table if not exists feed.{{ name }} (
        release_id int not null,
        {% for column in released_feed_columns(node) -%}
        {{ adapter.quote(column) }} {{ node.columns[column].data_type }}
        {%- if not loop.last %},{% endif %}
        {% endfor %}
    );
    create index if not exists {{ adapter.quote(node.name ~ '__release') }}
    on feed.{{ name }} (release_id);
    {{ released_scopes_table(node) }}
    create unlogged table if not exists work.{{ adapter.quote(node.name ~ '__rows') }} (
        {% for column in node.columns.values() -%}
        {{ adapter.quote(column.name) }} {{ column.data_type }}
        {%- if not loop.last %},{% endif %}
        {% endfor %}
    );
{% endmacro %}
