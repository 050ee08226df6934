{#- The columns of a relation, from the catalog by its name: dbt-postgres looks through
    information_schema, which takes longer than making most views. -#}
{% macro postgres__get_columns_in_relation(relation) -%}
    {%- call statement('get_columns_in_relation', fetch_result=True) -%}
        select
            att.attname::text as column_name,
            pg_catalog.format_type(att.atttypid, null) as data_type,
            information_schema._pg_char_max_length(att.atttypid, att.atttypmod)
                as character_maximum_length,
            information_schema._pg_numeric_precision(att.atttypid, att.atttypmod)
                as numeric_precision,
            information_schema._pg_numeric_scale(att.atttypid, att.atttypmod)
                as numeric_scale
        from pg_catalog.pg_attribute as att
        where
            att.attrelid = to_regclass('{{ relation.include(database=false) }}')
            and att.attnum > 0
            and not att.attisdropped
        order by att.attnum
    {%- endcall -%}
    {{ return(
        sql_convert_columns_in_relation(load_result('get_columns_in_relation').table)
    ) }}
{%- endmacro %}
