{#- A canonical entity of all systems that have it, as one relation; of those that have landed
    anything (ALMONER_SYSTEMS), if the runner names them, for each view costs a build the time
    of its planning. With `beside`, only of the systems that have that entity too: a join
    partner of an entity that only some have. -#}
{% macro from_systems(entity, beside=none) -%}
    {%- set able = [] -%}
    {%- for system, entities in var('systems').items() -%}
        {%- if entity in entities and (beside is none or beside in entities) -%}
            {%- do able.append(system) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not able -%}
        {%- do exceptions.raise_compiler_error(
            "from_systems: entity must be one that a system lists in dbt_project.yml, got "
            ~ entity
        ) -%}
    {%- endif -%}
    {%- set landed = able | select('in', env_var('ALMONER_SYSTEMS', able | join(' ')).split()) | list -%}
    {%- if not landed -%}
        {%- do return('(\n' ~ no_rows('stg_' ~ able[0] ~ '__' ~ entity) ~ '\n) as ' ~ entity) -%}
    {%- endif -%}
    {%- set views = [] -%}
    {%- for system in landed -%}
        {%- do views.append('select * from ' ~ ref('stg_' ~ system ~ '__' ~ entity)) -%}
    {%- endfor -%}
    (
        {{ views | join('\n        union all\n        ') }}
    ) as {{ entity }}
{%- endmacro %}
