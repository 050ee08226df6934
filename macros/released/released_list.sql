{#- A column list, each with an alias before it if one is given. -#}
{% macro released_list(columns, alias=none) %}
    {%- set prefix = alias ~ '.' if alias else '' -%}
    {%- set parts = [] -%}
    {%- for column in columns -%}
        {%- do parts.append(prefix ~ adapter.quote(column)) -%}
    {%- endfor -%}
    {{ return(parts | join(', ')) }}
{% endmacro %}
