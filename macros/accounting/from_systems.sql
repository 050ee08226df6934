{#- A canonical entity of all systems that have it, as one relation. With `beside`, only of
    the systems that have that entity too: a join partner of an entity that only some have. -#}
{% macro from_systems(entity, beside=none) -%}
    {%- set views = [] -%}
    {%- for system, entities in var('systems').items() -%}
        {%- if entity in entities and (beside is none or beside in entities) -%}
            {%- do views.append('select * from ' ~ ref('stg_' ~ system ~ '__' ~ entity)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not views -%}
        {%- do exceptions.raise_compiler_error(
            "from_systems: entity must be one that a system lists in dbt_project.yml, got "
            ~ entity
        ) -%}
    {%- endif -%}
    (
        {{ views | join('\n        union all\n        ') }}
    ) as {{ entity }}
{%- endmacro %}
