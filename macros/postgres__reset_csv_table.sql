{#- Empties a seed before it is loaded again. One whose columns changed is made anew; the views
    upon it go with it, and the build makes them again, for what they read has changed. -#}
{% macro postgres__reset_csv_table(model, full_refresh, old_relation, agate_table) %}
    {%- set stands = {} -%}
    {%- for column in adapter.get_columns_in_relation(old_relation) -%}
        {%- do stands.update({column.name: column.data_type}) -%}
    {%- endfor -%}
    {%- if full_refresh or stands != model.config.column_types -%}
        {%- do adapter.drop_relation(old_relation) -%}
        {{ return(create_csv_table(model, agate_table)) }}
    {%- endif -%}
    {%- do adapter.truncate_relation(old_relation) -%}
    {{ return('truncate table ' ~ old_relation) }}
{% endmacro %}
