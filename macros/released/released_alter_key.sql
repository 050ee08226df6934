{#- Follows a changed scope and new columns of the feed: who asks for them is computed in full.
    The build has refused another key, rows are named by it, but for one that an added column
    makes longer; its index waits for the column. -#}
{% macro released_alter_key(node, added) %}
    {%- set found = released_run(
        "select coalesce(string_agg(att.attname, ',' order by key.position), '')"
        ~ " from pg_catalog.pg_index as ind"
        ~ " cross join lateral unnest(ind.indkey) with ordinality as key (attnum, position)"
        ~ " inner join pg_catalog.pg_attribute as att"
        ~ " on ind.indrelid = att.attrelid and key.attnum = att.attnum"
        ~ " where ind.indexrelid = to_regclass('store." ~ adapter.quote(node.name ~ '__key') ~ "')"
    ).rows[0][0].split(',') | select | list -%}
    {%- set key = released_key(node) + ['released_in'] -%}
    {%- if found != key -%}
        {%- do released_run(
            'drop index if exists store.' ~ adapter.quote(node.name ~ '__key')
            ~ '; drop table work.' ~ adapter.quote(node.name ~ '__scopes')
        ) -%}
        {%- do released_run(released_scopes_table(node)) -%}
    {%- endif -%}
    {%- for column in released_feed_columns(node) -%}
        {%- do released_run(
            "alter table feed." ~ adapter.quote(node.name) ~ " add column if not exists "
            ~ adapter.quote(column) ~ " " ~ node.columns[column].data_type
        ) -%}
    {%- endfor -%}
    {%- if not added -%}
        {%- do released_run(released_indexes(node)) -%}
    {%- endif -%}
{% endmacro %}
