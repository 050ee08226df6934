{#- The columns of a released table, in the table's order: added ones come last. -#}
{% macro released_stored_columns(node) %}
    {{ return(released_run(
        "select attname from pg_catalog.pg_attribute where attrelid = 'store."
        ~ adapter.quote(node.name) ~ "'::regclass and attnum > 0 and not attisdropped"
        ~ " and attname not in ('released_in', 'retired_in') order by attnum"
    ).columns[0].values()) }}
{% endmacro %}
