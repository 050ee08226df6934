{#- What names a row within one release, the scope first. -#}
{% macro released_key(node) %}
    {{ return((node.config.meta.scope + node.config.meta.unique_key) | unique | list) }}
{% endmacro %}
