{#- The node of a model of the project. -#}
{% macro released_node(name) %}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.name == name -%}
        {{ return(node) }}
    {%- endfor -%}
    {%- do exceptions.raise_compiler_error("no model is called " ~ name) -%}
{% endmacro %}
