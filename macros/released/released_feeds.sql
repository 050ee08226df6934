{#- Every feed that can change a node, through the views between. -#}
{% macro released_feeds(node) %}
    {%- set feeds = [] -%}
    {%- for input in released_inputs(node) -%}
        {%- if input.resource_type == 'source' or input.config.materialized == 'released' -%}
            {%- do feeds.append(released_feed_name(input)) -%}
        {%- else -%}
            {%- do feeds.extend(released_feeds(input)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(feeds | unique | list) }}
{% endmacro %}
