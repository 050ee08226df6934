{#- Makes the work tables, keys and feed follow a changed contract, and gives the columns that
    the released table itself lacks yet, with their types. The build has refused the others. -#}
{% macro released_alter(node) %}
    {%- set added = {} -%}
    {%- for table in ('store', 'work') -%}
        {%- set name = node.name if table == 'store' else node.name ~ '__rows' -%}
        {%- set known = released_run(
            "select attname from pg_catalog.pg_attribute where attrelid = '" ~ table ~ "."
            ~ adapter.quote(name) ~ "'::regclass and attnum > 0 and not attisdropped"
        ).columns[0].values() -%}
        {%- for column in node.columns.values() if column.name not in known -%}
            {%- if table == 'store' -%}
                {%- do added.update({column.name: {
                    'type': column.data_type,
                    'is_unknown_before': column.config.meta.get('is_unknown_before', false),
                }}) -%}
            {%- else -%}
                {%- do released_run(
                    "alter table work." ~ adapter.quote(name) ~ " add column "
                    ~ adapter.quote(column.name) ~ " " ~ column.data_type
                ) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do released_alter_key(node, added) -%}
    {{ return(added) }}
{% endmacro %}
