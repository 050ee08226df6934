{#- A relation without rows in the columns that a model declares. It reads nothing, so that the
    views beneath the model need not be built. -#}
{% macro no_rows(model) -%}
    {%- set columns = [] -%}
    {%- if execute -%}
        {%- set node = graph.nodes.values() | selectattr('name', 'equalto', model) | first -%}
        {%- for column in node.columns.values() -%}
            {%- do columns.append('null::' ~ column.data_type ~ ' as ' ~ column.name) -%}
        {%- endfor -%}
    {%- endif -%}
    select {{ columns | join(', ') }} where false
{%- endmacro %}
