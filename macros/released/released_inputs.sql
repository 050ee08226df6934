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

{#- The name of the change feed that a source table or a released model leaves. -#}
{% macro released_feed_name(node) %}
    {%- if node.resource_type == 'source' -%}
        {{ return(node.schema ~ '__' ~ node.identifier) }}
    {%- endif -%}
    {{ return(node.name) }}
{% endmacro %}

{#- Every feed that can change a node, through the views between. -#}
{% macro released_feeds(node) %}
    {%- set feeds = [] -%}
    {%- for input in released_inputs(node) -%}
        {%- if input.resource_type == 'source' or input.config.materialized == 'released' -%}
            {%- do feeds.append(released_feed_name(input)) -%}
        {%- else -%}
            {%- do feeds.extend(released_feeds(input)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(feeds | unique | list) }}
{% endmacro %}
