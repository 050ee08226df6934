{#- The name of the aggregate that takes the refunds of a receipt from its parts. It changes
    with the body, so that a changed rule recomputes what it touches. -#}
{% macro settle_refunds() -%}
    almoner.settle_refunds_{{ local_md5(settle_refund_body())[:8] }}
{%- endmacro %}
