{#- The name of the function that tells which counts of a table are withheld. It changes with
    the rule, so that a changed rule recomputes what it touches. -#}
{% macro withheld_cells() -%}
    almoner.withheld_cells_{{ local_md5(withheld_cells_body())[:8] }}
{%- endmacro %}
