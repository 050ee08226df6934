{#-
    Runs a statement, in its parts before and after a condition, in two sessions: each for half of
    the scopes that `alias` has, in a transaction of its own that the release fences and
    `settings` begin. What was done before is committed, for the other session to see it.
-#}
{% macro released_share(node, settings, alias, before, after='') %}
    {%- set half = released_half(node, alias) -%}
    {%- do released_begin_anew(settings) -%}
    {%- set beside = adapter.run_beside(
        released_fence() ~ '; ' ~ settings ~ before ~ ' where not ' ~ half ~ after
    ) -%}
    {%- do released_run(before ~ ' where ' ~ half ~ after) -%}
    {%- do beside.result() -%}
{% endmacro %}
