{#- The indexes of a released table, made after its first fill: the key within its scope,
    and the day. None has `retired_in`, so that retiring a row is a HOT update. -#}
{% macro released_indexes(node) %}
    create unique index if not exists {{ adapter.quote(node.name ~ '__key') }}
    on store.{{ adapter.quote(node.name) }} ({{ released_list(released_key(node)) }}, released_in);
    {% for index in node.config.meta.get('indexes', []) %}
    create index if not exists {{ adapter.quote(node.name ~ '__' ~ index | join('_')) }}
    on store.{{ adapter.quote(node.name) }} ({{ released_list(index) }});
    {% endfor %}
{% endmacro %}
