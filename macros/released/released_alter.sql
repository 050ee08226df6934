{#- Adds the contract's new columns; refuses what would break readers. Sets the storage of tables
    that were made by an earlier version. -#}
{% macro released_alter(node, found) %}
    {%- set known = {} -%}
    {%- for column in found -%}
        {%- do known.update({column[0]: column[1]}) -%}
    {%- endfor -%}
    {%- for name in known if name not in node.columns and name not in ('released_in', 'retired_in') -%}
        {%- do exceptions.raise_compiler_error(
            node.name ~ " no longer has the column " ~ name
            ~ "; take it back, or give the model another name (CONTRIBUTING.md)"
        ) -%}
    {%- endfor -%}
    {%- for column in node.columns.values() if column.name not in known -%}
        {%- for table in ('store', 'work') -%}
            {%- set name = node.name if table == 'store' else node.name ~ '__rows' -%}
            {%- do released_run(
                "alter table " ~ table ~ "." ~ adapter.quote(name) ~ " add column "
                ~ adapter.quote(column.name) ~ " " ~ column.data_type
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set tables = [node.name] if not released_partitions(node) else [] -%}
    {%- for number in range(released_partitions(node)) -%}
        {%- do tables.append(node.name ~ '_p' ~ number) -%}
    {%- endfor -%}
    {%- set storage = [] -%}
    {%- for table in tables -%}
        {%- do storage.append(
            'alter table if exists store.' ~ adapter.quote(table)
            ~ ' set (' ~ released_storage() ~ ')'
        ) -%}
    {%- endfor -%}
    {%- do released_run(storage | join('; ')) -%}
    {%- do released_alter_key(node) -%}
{% endmacro %}
