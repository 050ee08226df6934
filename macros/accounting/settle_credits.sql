{#- The name of the aggregate that settles the credit note lines of an invoice (A7). It
    changes with the body, so that a changed rule recomputes what it touches. -#}
{% macro settle_credits() -%}
    almoner.settle_credits_{{ local_md5(settle_credit_body())[:8] }}
{%- endmacro %}
