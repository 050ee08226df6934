{#- The model's columns in the order of its contract. -#}
{% macro released_columns(node) %}
    {{ return(node.columns.values() | map(attribute='name') | list) }}
{% endmacro %}
