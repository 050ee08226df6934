{#- How many hash partitions a released table has; small ones are faster without. -#}
{% macro released_partitions(node) %}
    {{ return(node.config.meta.get('partitions', 8)) }}
{% endmacro %}
