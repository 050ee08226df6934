{#-
    Commits what was done so far and begins another transaction, which the release fences. dbt
    leaves the beginning to psycopg2, which knows nothing of dbt's COMMIT: without a word each
    statement would be a transaction of its own.
-#}
{% macro released_begin_anew(settings='') %}
    {%- do adapter.commit() -%}
    {%- do released_run(
        "begin; set local lock_timeout = '10s'; " ~ released_fence() ~ '; ' ~ settings
    ) -%}
{% endmacro %}
