{#- The relation of `@name`: a source table, a model, or a canonical entity of the system
    that the changed input belongs to. -#}
{% macro named_relation(node, input, name) %}
    {%- set system = input.name[4:].split('__')[0] if input.name.startswith('stg_') else '' -%}
    {%- set source = graph.sources.get('source.' ~ project_name ~ '.' ~ name) -%}
    {%- set model = graph.nodes.get('model.' ~ project_name ~ '.' ~ name)
        or graph.nodes.get('model.' ~ project_name ~ '.stg_' ~ system ~ '__' ~ name) -%}
    {%- if source or model -%}
        {{ return(adapter.quote((source or model).schema) ~ '.'
            ~ adapter.quote(source.identifier if source else model.name)) }}
    {%- endif -%}
    {#- what the system does not have is empty; another system's view has its columns -#}
    {%- for other, entities in var('systems').items() if system and name in entities -%}
        {{ return('(select * from ' ~ adapter.quote('staging') ~ '.'
            ~ adapter.quote('stg_' ~ other ~ '__' ~ name) ~ ' where false)') }}
    {%- endfor -%}
    {%- do exceptions.raise_compiler_error(
        "changed_scopes: " ~ node.name ~ " names @" ~ name ~ ", which is no source or model"
    ) -%}
{% endmacro %}
