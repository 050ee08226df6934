{#- The columns of a released model's own feed: its scope and what dependants ask for. -#}
{% macro released_feed_columns(node) %}
    {%- set meta = node.config.meta -%}
    {{ return((meta.scope + meta.get('feed', [])) | unique | list) }}
{% endmacro %}
