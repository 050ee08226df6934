{#- The rows of a released model in every release that is kept, with the release that brought
    each (`released_in`) and the one that took it away (`retired_in`), for models that compare
    releases. -#}
{% macro history(model_name) -%}
    {%- do ref(model_name) -%}
    store.{{ adapter.quote(model_name) }}
{%- endmacro %}
