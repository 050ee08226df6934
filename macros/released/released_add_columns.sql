{#-
    Adds the contract's new columns to a table that readers use, in a transaction of its own:
    readers wait for it, and no longer than a moment. What was computed before is committed
    with it, in work tables. Rows stored so far take the commonest value that was computed, or
    null where the column says that it is unknown before (`is_unknown_before`).
-#}
{% macro released_add_columns(node, columns) %}
    {%- do released_begin_anew(
        "select almoner.add_columns('" ~ node.name ~ "', '" ~ tojson(columns) ~ "'::jsonb)"
    ) -%}
    {%- do released_begin_anew(released_whole_model()) -%}
{% endmacro %}
