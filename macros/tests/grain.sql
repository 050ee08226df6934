{#- One row per combination of the columns; without columns, of the model's own grain: its
    `meta.grain` (marts) or `meta.unique_key` (released models). -#}
{% test grain(model, columns=none) %}
    {%- set columns = columns or declared_grain(model) -%}
    select {{ columns | join(', ') }}
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1
{% endtest %}

{% macro declared_grain(model) %}
    {%- if not execute -%}
        {{ return(['tenant_id']) }}
    {%- endif -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' -%}
        {%- if adapter.quote(node.alias) in model | string and adapter.quote(node.schema) in model | string -%}
            {%- set meta = node.config.meta -%}
            {{ return(meta.get('grain') or meta.get('unique_key')) }}
        {%- endif -%}
    {%- endfor -%}
    {%- do exceptions.raise_compiler_error("grain: " ~ model ~ " must name its grain in meta") -%}
{% endmacro %}
