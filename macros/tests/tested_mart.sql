{#- The mart that a relation is of, as the graph has it; none while dbt parses. -#}
{% macro tested_mart(model) %}
    {%- if not execute -%}
        {{ return(none) }}
    {%- endif -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' -%}
        {%- if adapter.quote(node.alias) in model | string and adapter.quote(node.schema) in model | string -%}
            {%- if not node.config.meta.get('grain') -%}
                {%- do exceptions.raise_compiler_error(
                    "grain: " ~ node.name ~ " must name its grain under config.meta"
                ) -%}
            {%- endif -%}
            {{ return(node) }}
        {%- endif -%}
    {%- endfor -%}
    {%- do exceptions.raise_compiler_error("grain: " ~ model ~ " is no model") -%}
{% endmacro %}
