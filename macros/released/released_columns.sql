{#- The model's columns in the order of its contract. -#}
{% macro released_columns(node) %}
    {{ return(node.columns.values() | map(attribute='name') | list) }}
{% endmacro %}

{#- What names a row within one release, the scope first. -#}
{% macro released_key(node) %}
    {{ return((node.config.meta.scope + node.config.meta.unique_key) | unique | list) }}
{% endmacro %}

{#- The columns of a released model's own feed: its scope and what dependants ask for. -#}
{% macro released_feed_columns(node) %}
    {%- set meta = node.config.meta -%}
    {{ return((meta.scope + meta.get('feed', [])) | unique | list) }}
{% endmacro %}

{#- A column list, each with an alias before it if one is given. -#}
{% macro released_list(columns, alias=none) %}
    {%- set prefix = alias ~ '.' if alias else '' -%}
    {%- set parts = [] -%}
    {%- for column in columns -%}
        {%- do parts.append(prefix ~ adapter.quote(column)) -%}
    {%- endfor -%}
    {{ return(parts | join(', ')) }}
{% endmacro %}

{#- An equality of two aliases on every column of a list. -#}
{% macro released_same(columns, left, right) %}
    {%- set parts = [] -%}
    {%- for column in columns -%}
        {%- set name = adapter.quote(column) -%}
        {%- do parts.append(left ~ '.' ~ name ~ ' = ' ~ right ~ '.' ~ name) -%}
    {%- endfor -%}
    {{ return(parts | join(' and ')) }}
{% endmacro %}
