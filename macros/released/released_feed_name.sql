{#- The name of the change feed that a source table or a released model leaves. -#}
{% macro released_feed_name(node) %}
    {%- if node.resource_type == 'source' -%}
        {{ return(node.schema ~ '__' ~ node.identifier) }}
    {%- endif -%}
    {{ return(node.name) }}
{% endmacro %}
