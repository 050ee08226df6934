{#- The relation of `@name`: a source table, a model, or a canonical entity of the system
    that the changed input belongs to. -#}
{% macro named_relation(node, input, name) %}
    {%- set system = input.name[4:].split('__')[0] if input.name.startswith('stg_') else '' -%}
    {%- for candidate in graph.sources.values() -%}
        {%- if candidate.source_name ~ '.' ~ candidate.name == name -%}
            {{ return(adapter.quote(candidate.schema) ~ '.' ~ adapter.quote(candidate.identifier)) }}
        {%- endif -%}
    {%- endfor -%}
    {%- for candidate in graph.nodes.values() if candidate.resource_type == 'model' -%}
        {%- if candidate.name in (name, 'stg_' ~ system ~ '__' ~ name) -%}
            {{ return(adapter.quote(candidate.schema) ~ '.' ~ adapter.quote(candidate.name)) }}
        {%- endif -%}
    {%- endfor -%}
    {#- what the system does not have is empty; another system's view has its columns -#}
    {%- for other, entities in var('systems').items() if system and name in entities -%}
        {{ return('(select * from ' ~ adapter.quote('staging') ~ '.'
            ~ adapter.quote('stg_' ~ other ~ '__' ~ name) ~ ' where false)') }}
    {%- endfor -%}
    {%- do exceptions.raise_compiler_error(
        "changed_scopes: " ~ node.name ~ " names @" ~ name ~ ", which is no source or model"
    ) -%}
{% endmacro %}
