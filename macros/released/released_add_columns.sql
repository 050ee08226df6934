{#-
    Adds the contract's new columns to a table that readers use, in a transaction of its own:
    readers wait for it, and no longer than a moment. What was computed before is committed
    with it, in work tables. Rows stored so far take the commonest value that was computed, or null where the column says
    that it is unknown before (`is_unknown_before`).
-#}
{% macro released_add_columns(node, plan, columns) %}
    {%- do adapter.commit() -%}
    {%- do released_run(
        'select almoner.fence(' ~ plan.release ~ '); select almoner.add_columns('
        ~ "'" ~ node.name ~ "', '" ~ tojson(columns) ~ "'::jsonb)"
    ) -%}
    {%- do adapter.commit() -%}
    {%- do released_run(
        'select almoner.fence(' ~ plan.release ~ "); set local lock_timeout = '10s'; "
        ~ released_whole_model()
    ) -%}
{% endmacro %}
