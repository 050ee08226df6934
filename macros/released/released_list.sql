{#- A column list, each with an alias before it if one is given. -#}
{% macro released_list(columns, alias=none) %}
    {%- set before = (alias ~ '.' if alias else '') ~ '"' -%}
    {{ return(before ~ columns | join('", ' ~ before) ~ '"' if columns else '') }}
{% endmacro %}
