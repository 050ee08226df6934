{#-
    Fills the work tables: the scopes that changed and the rows the model now gives for
    them. A few scopes are computed one by one through indexes; many are joined in bulk; a
    full recompute has no scopes. Statements go together: dbt takes longer over each one than
    PostgreSQL over most.
-#}
{% macro released_compute(node, sql, plan) %}
    {%- set scopes = 'work.' ~ adapter.quote(node.name ~ '__scopes') -%}
    {%- set rows = 'work.' ~ adapter.quote(node.name ~ '__rows') -%}
    {%- set columns = released_columns(node) -%}
    {%- set scope = node.config.meta.scope -%}
    {%- set empty = 'truncate ' ~ scopes ~ ', ' ~ rows ~ '; ' -%}
    {%- set insert = 'insert into ' ~ rows ~ ' (' ~ released_list(columns) ~ ') select '
        ~ released_list(columns, 'mod') ~ ' from ' -%}
    {%- set analyze = '; analyze ' ~ rows ~ ' (' ~ released_list(released_key(node)) ~ ')' -%}
    {%- if plan.mode == 'full' -%}
        {%- do released_run(
            empty ~ released_whole_model() ~ insert ~ '(' ~ sql ~ ') as mod' ~ analyze
        ) -%}
    {%- else -%}
        {%- set changed = changed_scopes(node, plan) -%}
        {%- set size = released_run(
            empty ~ released_small_changes()
            ~ ('insert into ' ~ scopes ~ ' ' ~ changed ~ '; ' if changed else '')
            ~ 'analyze ' ~ scopes ~ '; select count(*) from ' ~ scopes
        ).rows[0][0] -%}
        {%- if 0 < size <= 200000 -%}
            {%- do released_run(
                insert ~ scopes ~ ' as sco cross join lateral (select * from (' ~ sql
                ~ ') as inn where ' ~ released_same(scope, 'inn', 'sco') ~ ' offset 0) as mod'
                ~ analyze
            ) -%}
        {%- elif size -%}
            {%- do released_run(
                released_whole_model() ~ insert ~ '(' ~ sql ~ ') as mod inner join ' ~ scopes
                ~ ' as sco on ' ~ released_same(scope, 'mod', 'sco') ~ analyze
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
