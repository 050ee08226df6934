{#- The table that takes the scopes to recompute. -#}
{% macro released_scopes_table(node) %}
    create unlogged table if not exists work.{{ adapter.quote(node.name ~ '__scopes') }} (
        {% for column in node.config.meta.scope -%}
        {{ adapter.quote(column) }} {{ node.columns[column].data_type }}
        {%- if not loop.last %},{% endif %}
        {% endfor %}
    );
{% endmacro %}
