{#- An equality of two aliases on every column of a list. -#}
{% macro released_same(columns, left, right) %}
    {%- set parts = [] -%}
    {%- for column in columns -%}
        {%- set name = adapter.quote(column) -%}
        {%- do parts.append(left ~ '.' ~ name ~ ' = ' ~ right ~ '.' ~ name) -%}
    {%- endfor -%}
    {{ return(parts | join(' and ')) }}
{% endmacro %}
