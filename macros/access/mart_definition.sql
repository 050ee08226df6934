{#- Keeps what publication needs of a mart: its SQL with the gate's names in place of the
    builder's, its columns and descriptions, and its meta but how it is traced. -#}
{% macro mart_definition(node, sql, release) %}
    {%- do check_mart(node) -%}
    {%- set published = namespace(sql=sql) -%}
    {%- for unique_id in node.depends_on.nodes -%}
        {%- set input = graph.nodes[unique_id] -%}
        {%- if input.config.materialized not in ('mart', 'released') -%}
            {%- do exceptions.raise_compiler_error(
                "mart " ~ node.name ~ " reads " ~ input.name
                ~ "; marts read core, rollups and other marts only"
            ) -%}
        {%- endif -%}
        {%- if input.config.meta.get('is_personal') -%}
            {%- do exceptions.raise_compiler_error(
                "mart " ~ node.name ~ " reads " ~ input.name
                ~ "; marts carry the patient's key, and names are in patients.names"
            ) -%}
        {%- endif -%}
        {%- if input.config.meta.get('is_small') -%}
            {%- do exceptions.raise_compiler_error(
                "mart " ~ node.name ~ " reads " ~ input.name
                ~ "; counts of patients come from rollups that keep to the tenant's policy"
                ~ " (CONTRIBUTING, Counts of patients)"
            ) -%}
        {%- endif -%}
        {%- set relation = api.Relation.create(
            database=input.database, schema=input.schema, identifier=input.alias
        ) -%}
        {%- set published.sql = published.sql | replace(
            relation | string,
            'pub.' ~ adapter.quote(input.name)
        ) -%}
    {%- endfor -%}
    {%- set columns = [] -%}
    {%- for column in node.columns.values() -%}
        {%- do columns.append({
            'name': column.name,
            'data_type': column.data_type,
            'description': column.description,
        }) -%}
    {%- endfor -%}
    {#- how figures are traced is read from the yml -#}
    {%- set meta = {} -%}
    {%- for name, value in node.config.meta.items() if name != 'trace' -%}
        {%- do meta.update({name: value}) -%}
    {%- endfor -%}
    {%- set definition = {
        'sql': published.sql,
        'description': node.description,
        'columns': columns,
        'meta': meta,
        'reads': node.depends_on.nodes | map('replace', 'model.almoner.', '') | sort,
    } -%}
    insert into almoner.mart_definitions (mart, release_id, definition)
    values (
        '{{ node.name }}', {{ release }},
        '{{ tojson(definition, sort_keys=true) | replace("'", "''") }}'::jsonb
    )
    on conflict (mart, release_id) do update set definition = excluded.definition
{% endmacro %}
