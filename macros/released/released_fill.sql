{#-
    Fills a table for the first time. Two sessions share the tenants of one with partitions, the
    largest, each in a transaction of its own that the release fences: the table is committed
    before, for the other one to see it.
-#}
{% macro released_fill(node, sql, plan) %}
    {%- set tenants, beside = 'true', none -%}
    {%- set begin = released_fence() ~ '; ' ~ released_whole_model() -%}
    {%- if released_partitions(node) -%}
        {#- a case: the planner takes an equality of expressions for a rare thing -#}
        {%- set tenants = 'case when hashtext(mod.tenant_id) % 2 = 0 then true else false end' -%}
        {%- do adapter.commit() -%}
        {%- set beside = adapter.run_beside(
            begin ~ released_first_fill(node, sql, plan.release, 'not ' ~ tenants)
        ) -%}
    {%- endif -%}
    {%- do released_run(begin) -%}
    {%- call statement('main') -%}
        {{ released_first_fill(node, sql, plan.release, tenants) }}
    {%- endcall -%}
    {%- if beside -%}
        {%- do beside.result() -%}
    {%- endif -%}
{% endmacro %}
