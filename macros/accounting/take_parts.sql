{#- The name of the aggregate by which documents take the parts of another one in turn. It changes
    with the body, so that a changed rule recomputes what it touches. -#}
{% macro take_parts() -%}
    almoner.take_parts_{{ local_md5(take_parts_body())[:8] }}
{%- endmacro %}
