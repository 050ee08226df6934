{#- A mapping that reads its `changes` from a relation: in its place where it reads them once, as
    `flattened` has it, which takes longer. -#}
{% macro from_changes(relation, mapping) %}
    {%- set read = '\\b(from|join) changes\\b' -%}
    {%- if modules.re.findall(read, mapping) | length > 1 -%}
        {{ return('with changes as (select * from ' ~ relation ~ ') ' ~ mapping) }}
    {%- endif -%}
    {%- set named = modules.re.sub(read ~ ' as ', '\\1 ' ~ relation ~ ' as ', mapping) -%}
    {{ return(modules.re.sub(read, '\\1 ' ~ relation ~ ' as changes', named)) }}
{% endmacro %}
