{#- The nodes that a node reads, seeds and snapshots aside: their change means a full
    recompute, which the build plans. -#}
{% macro released_inputs(node) %}
    {%- set inputs = [] -%}
    {%- for unique_id in node.depends_on.nodes -%}
        {%- set input = graph.sources.get(unique_id) or graph.nodes.get(unique_id) -%}
        {%- if input.resource_type in ('source', 'model') -%}
            {%- do inputs.append(input) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(inputs) }}
{% endmacro %}
