{#- Refuses a mart that readers could not use: its description, its grain and a description
    of each column are part of it. -#}
{% macro check_mart(node) %}
    {%- set grain = node.config.meta.get('grain', []) -%}
    {%- if not node.description -%}
        {%- do exceptions.raise_compiler_error(
            "mart " ~ node.name ~ " must have a description; its first sentence is the grain"
        ) -%}
    {%- endif -%}
    {%- if not grain or grain | reject('in', node.columns) | list -%}
        {%- do exceptions.raise_compiler_error(
            "mart " ~ node.name ~ ": config.meta.grain must list the columns that name a row,"
            ~ " got " ~ grain
        ) -%}
    {%- endif -%}
    {%- for column in node.columns.values() if not column.description -%}
        {%- do exceptions.raise_compiler_error(
            "mart " ~ node.name ~ ": column " ~ column.name ~ " must have a description"
        ) -%}
    {%- endfor -%}
    {%- if 'tenant_id' not in grain -%}
        {%- do exceptions.raise_compiler_error(
            "mart " ~ node.name ~ ": tenant_id must be a column and part of the grain"
        ) -%}
    {%- endif -%}
{% endmacro %}
