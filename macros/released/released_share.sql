{#-
    Runs one statement in two sessions, `ours` for half of the scopes and `theirs` for the
    others, each in a transaction of its own that the release fences and `settings` begin. What
    was done before is committed, for the other session to see it.
-#}
{% macro released_share(settings, ours, theirs) %}
    {%- do released_begin_anew(settings) -%}
    {%- set beside = adapter.run_beside(released_fence() ~ '; ' ~ settings ~ theirs) -%}
    {%- do released_run(ours) -%}
    {%- do beside.result() -%}
{% endmacro %}
