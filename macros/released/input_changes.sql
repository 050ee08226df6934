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
