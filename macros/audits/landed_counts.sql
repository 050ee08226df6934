{#- The rows of each source in each raw table, counted, in `almoner audit`; in a build none. -#}
{% macro landed_counts() %}
    {%- set counts = [
        "select null::text as source_id, null::text as table_name, 0::bigint as row_count where false"
    ] -%}
    {%- if execute and audit_mode() == 'history' -%}
        {%- for table in graph.sources.values() if table.schema.startswith('raw_') -%}
            {%- set relation = api.Relation.create(schema=table.schema, identifier=table.identifier) -%}
            {%- do counts.append(
                "select source_id, '" ~ table.schema ~ "__" ~ table.identifier ~ "', count(*) from "
                ~ relation.include(database=false) ~ " group by source_id"
            ) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return('(' ~ counts | join(' union all ') ~ ') as counts') }}
{% endmacro %}
