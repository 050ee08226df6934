{#- Whether a released table holds no row yet, superseded ones included. -#}
{% macro released_is_empty(node) %}
    {%- set found = released_run(
        "select not exists (select from store." ~ adapter.quote(node.name) ~ ")"
    ) -%}
    {{ return(found.rows[0][0]) }}
{% endmacro %}
