{#-
    Runs two statements in two sessions, the second in one of its own: each in a transaction that
    the release fences and `settings` begin. What was done before is committed, for the other
    session to see it.
-#}
{% macro released_share(settings, statement, beside) %}
    {%- do released_begin_anew(settings) -%}
    {%- set other = adapter.run_beside(released_fence() ~ '; ' ~ settings ~ beside) -%}
    {%- do released_run(statement) -%}
    {%- do other.result() -%}
{% endmacro %}
