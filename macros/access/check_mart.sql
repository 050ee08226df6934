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
    {%- set access = node.config.meta.get('access', {}) -%}
    {%- set roles = [
        'administrator', 'accountant', 'auditor', 'department_head', 'doctor'
    ] -%}
    {%- if access.get('roles', []) | reject('in', roles) | list -%}
        {%- do exceptions.raise_compiler_error(
            "mart " ~ node.name ~ ": config.meta.access.roles must be of "
            ~ roles | join(', ') ~ ", got " ~ access.roles
        ) -%}
    {%- endif -%}
    {%- if access.keys() | reject('in', ['roles', 'row_scope']) | list -%}
        {%- do exceptions.raise_compiler_error(
            "mart " ~ node.name ~ ": config.meta.access must have roles and row_scope only, got "
            ~ access.keys() | join(', ')
        ) -%}
    {%- endif -%}
    {%- for role, column in access.get('row_scope', {}).items() -%}
        {%- if role not in ('department_head', 'doctor') or column not in node.columns -%}
            {%- do exceptions.raise_compiler_error(
                "mart " ~ node.name ~ ": config.meta.access.row_scope must name a column for"
                ~ " department_head or doctor, got " ~ role ~ ": " ~ column
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if 'tenant_id' not in grain -%}
        {%- do exceptions.raise_compiler_error(
            "mart " ~ node.name ~ ": tenant_id must be a column and part of the grain"
        ) -%}
    {%- endif -%}
{% endmacro %}
