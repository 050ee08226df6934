{% macro declared_grain(model) %}
    {%- if not execute -%}
        {{ return(['tenant_id']) }}
    {%- endif -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' -%}
        {%- if adapter.quote(node.alias) in model | string and adapter.quote(node.schema) in model | string -%}
            {{ return(node.config.meta.grain) }}
        {%- endif -%}
    {%- endfor -%}
    {%- do exceptions.raise_compiler_error("grain: " ~ model ~ " must name its grain in meta") -%}
{% endmacro %}
