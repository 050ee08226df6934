{#-
    Fills the work tables: the scopes that changed and the rows the model now gives for
    them. A few scopes are computed one by one through indexes; many are joined in bulk; a
    full recompute has no scopes. More than a moment's work on a table with partitions, the
    largest, is shared by two sessions, and so is what follows: `plan` gets the `settings` and
    `is_shared`. Statements go together: dbt takes longer over each one than PostgreSQL over most.
-#}
{% macro released_compute(node, sql, plan) %}
    {%- set scopes = 'work.' ~ adapter.quote(node.name ~ '__scopes') -%}
    {%- set rows = 'work.' ~ adapter.quote(node.name ~ '__rows') -%}
    {%- set columns = released_columns(node) -%}
    {%- set scope = node.config.meta.scope -%}
    {%- set empty = "select almoner.empty('" ~ scopes ~ "', '" ~ rows ~ "'); " -%}
    {%- set analyze = 'analyze ' ~ rows ~ ' (' ~ released_list(released_key(node)) ~ ')' -%}
    {%- set settings, source, chosen = released_whole_model(), '(' ~ sql ~ ') as mod', 'mod' -%}
    {%- set size = none -%}
    {%- if plan.mode != 'full' -%}
        {%- set changed = changed_scopes(node, plan) -%}
        {%- set size = released_run(
            empty ~ released_small_changes()
            ~ ('insert into ' ~ scopes ~ ' ' ~ changed ~ '; ' if changed else '')
            ~ 'analyze ' ~ scopes ~ '; select count(*) from ' ~ scopes
        ).rows[0][0] -%}
        {%- set empty = '' -%}
        {%- if size > 200000 -%}
            {%- set source = source ~ ' inner join ' ~ scopes ~ ' as sco on '
                ~ released_same(scope, 'mod', 'sco') -%}
        {%- else -%}
            {%- set settings, chosen = released_small_changes(), 'sco' -%}
            {%- set source = scopes ~ ' as sco cross join lateral (select * from (' ~ sql
                ~ ') as inn where ' ~ released_same(scope, 'inn', 'sco') ~ ' offset 0) as mod' -%}
        {%- endif -%}
    {%- endif -%}
    {%- set fill = 'insert into ' ~ rows ~ ' (' ~ released_list(columns) ~ ') select '
        ~ released_list(columns, 'mod') ~ ' from ' ~ source -%}
    {%- do plan.update({
        'settings': settings,
        'is_shared': released_partitions(node) and (size is none or size > 500),
    }) -%}
    {%- if plan.is_shared -%}
        {%- set half = released_half(node, chosen) -%}
        {%- do released_run(empty) -%}
        {%- do released_share(
            settings, fill ~ ' where ' ~ half, fill ~ ' where not ' ~ half
        ) -%}
        {%- do released_run(analyze) -%}
    {%- elif size is none or size -%}
        {%- do released_run(empty ~ settings ~ fill ~ '; ' ~ analyze) -%}
    {%- endif -%}
{% endmacro %}
