{#- Fills a table for the first time. Two sessions share one with partitions, the largest. -#}
{% macro released_fill(node, sql, plan) %}
    {%- set settings = released_whole_model() -%}
    {%- if released_partitions(node) -%}
        {%- set half = released_half(node, 'mod') -%}
        {%- do released_share(
            settings,
            released_first_fill(node, sql, plan.release, half),
            released_first_fill(node, sql, plan.release, 'not ' ~ half)
        ) -%}
    {%- else -%}
        {%- do released_run(settings ~ released_first_fill(node, sql, plan.release)) -%}
    {%- endif -%}
{% endmacro %}
