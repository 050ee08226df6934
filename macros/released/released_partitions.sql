{#- How many hash partitions a released table has; all but the largest are faster without. -#}
{% macro released_partitions(node) %}
    {{ return(node.config.meta.get('partitions', 0)) }}
{% endmacro %}
