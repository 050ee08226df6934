{#-
    SQL that gives the scopes of a node that changed since a release: the changes of each
    of its inputs, mapped by the node's `changes` (models/README.md). Views between pass
    changes on, each computed once, however many read it; inputs whose feed is empty are
    left out. Empty if nothing changed.
-#}
{% macro changed_scopes(node, plan) %}
    {%- set steps = {} -%}
    {%- set scopes = collect_changes(node, plan, steps) -%}
    {%- if not scopes -%}
        {{ return('') }}
    {%- endif -%}
    {%- set expressions = [] -%}
    {%- for name, step in steps.items() if step -%}
        {%- do expressions.append(adapter.quote(name) ~ ' as (' ~ step.sql ~ ')') -%}
    {%- endfor -%}
    {{ return(
        'with ' ~ expressions | join(',\n') ~ '\nselect ' ~ released_list(scopes.columns)
        ~ ' from ' ~ adapter.quote(scopes.name)
    ) }}
{% endmacro %}

{#- Adds to `steps` the expressions that a node's changed scopes are computed by, its inputs'
    before its own, and gives the node's: its name, columns and SQL; none if nothing changed. -#}
{% macro collect_changes(node, plan, steps) %}
    {%- set scope = node.config.meta.get('scope') -%}
    {%- if not scope -%}
        {%- do exceptions.raise_compiler_error(
            "changed_scopes: " ~ node.name ~ " must name its scope under config.meta"
        ) -%}
    {%- endif -%}
    {%- set branches = [] -%}
    {%- for input in released_inputs(node) -%}
        {%- set changes = input_changes(input, plan, steps) -%}
        {%- if changes -%}
            {%- set mapping = change_mapping(node, input) -%}
            {%- if not mapping -%}
                {%- for column in scope if column not in changes.columns -%}
                    {%- do exceptions.raise_compiler_error(
                        "changed_scopes: " ~ node.name ~ " must say under config.meta.changes"
                        ~ " how " ~ input.name ~ " maps to " ~ scope | join(', ')
                    ) -%}
                {%- endfor -%}
            {%- endif -%}
            {%- do branches.append(
                "select distinct " ~ released_list(scope) ~ " from (with changes as (select * from "
                ~ adapter.quote(changes.name) ~ ") "
                ~ (mapping or "select " ~ released_list(scope) ~ " from changes")
                ~ ") as mapped (" ~ released_list(scope) ~ ")"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set step = {
        'name': 'changed ' ~ node.name,
        'columns': scope,
        'sql': branches | join("\nunion\n"),
    } if branches else none -%}
    {%- do steps.update({'changed ' ~ node.name: step}) -%}
    {{ return(step) }}
{% endmacro %}

{#- The changed rows of one input: of a source table or released model its feed, of a view the
    scopes that its own inputs changed. -#}
{% macro input_changes(input, plan, steps) %}
    {%- if input.resource_type != 'source' and input.config.materialized != 'released' -%}
        {%- if 'changed ' ~ input.name in steps -%}
            {{ return(steps['changed ' ~ input.name]) }}
        {%- endif -%}
        {{ return(collect_changes(input, plan, steps)) }}
    {%- endif -%}
    {%- set feed = released_feed_name(input) -%}
    {%- if feed not in plan.feeds -%}
        {{ return(none) }}
    {%- endif -%}
    {%- if input.resource_type == 'source' -%}
        {%- set meta = input.config.meta -%}
        {%- set tenant = ['tenant_id'] if meta.get('tenant') else [] -%}
        {%- set columns = ['source_id'] + tenant + meta.key + meta.get('carry', []) -%}
    {%- else -%}
        {%- set columns = released_feed_columns(input) -%}
    {%- endif -%}
    {%- set columns = columns | unique | list -%}
    {%- set step = {
        'name': 'feed ' ~ feed,
        'columns': columns,
        'sql': "select distinct " ~ released_list(columns) ~ " from feed."
            ~ adapter.quote(feed) ~ " where release_id > " ~ plan.since,
    } -%}
    {%- do steps.update({step.name: step}) -%}
    {{ return(step) }}
{% endmacro %}

{#- The mapping that a node declares for an input, with each `@name` put in place. -#}
{% macro change_mapping(node, input) %}
    {%- set declared = node.config.meta.get('changes', {}) -%}
    {%- set entity = input.name.split('__', 1)[-1] -%}
    {%- if input.resource_type == 'source' -%}
        {%- set names = [input.source_name ~ '.' ~ input.name, input.name] -%}
    {%- else -%}
        {%- set names = [input.name, entity] -%}
    {%- endif -%}
    {%- for name in names if name in declared -%}
        {%- set mapping = namespace(sql=declared[name]) -%}
        {%- for token in modules.re.findall('@([a-z0-9_.]+)', mapping.sql) | unique -%}
            {%- set mapping.sql = modules.re.sub(
                '@' ~ modules.re.escape(token) ~ '(?![a-z0-9_.])',
                named_relation(node, input, token),
                mapping.sql
            ) -%}
        {%- endfor -%}
        {{ return(mapping.sql) }}
    {%- endfor -%}
    {{ return(none) }}
{% endmacro %}

{#- The relation of `@name`: a source table, a model, or a canonical entity of the system
    that the changed input belongs to. -#}
{% macro named_relation(node, input, name) %}
    {%- set system = input.name[4:].split('__')[0] if input.name.startswith('stg_') else '' -%}
    {%- for candidate in graph.sources.values() -%}
        {%- if candidate.source_name ~ '.' ~ candidate.name == name -%}
            {{ return(adapter.quote(candidate.schema) ~ '.' ~ adapter.quote(candidate.identifier)) }}
        {%- endif -%}
    {%- endfor -%}
    {%- for candidate in graph.nodes.values() if candidate.resource_type == 'model' -%}
        {%- if candidate.name in (name, 'stg_' ~ system ~ '__' ~ name) -%}
            {{ return(adapter.quote(candidate.schema) ~ '.' ~ adapter.quote(candidate.name)) }}
        {%- endif -%}
    {%- endfor -%}
    {#- what the system does not have is empty; another system's view has its columns -#}
    {%- for other, entities in var('systems').items() if system and name in entities -%}
        {{ return('(select * from ' ~ adapter.quote('staging') ~ '.'
            ~ adapter.quote('stg_' ~ other ~ '__' ~ name) ~ ' where false)') }}
    {%- endfor -%}
    {%- do exceptions.raise_compiler_error(
        "changed_scopes: " ~ node.name ~ " names @" ~ name ~ ", which is no source or model"
    ) -%}
{% endmacro %}
