{#- Whether a released table holds no row yet, superseded ones included. -#}
{% macro released_is_empty(node) %}
    {%- set found = released_run(
        "select not exists (select from store." ~ adapter.quote(node.name) ~ ")"
    ) -%}
    {{ return(found.rows[0][0]) }}
{% endmacro %}

{#- The first fill goes straight into the table, in the order of its key. -#}
{% macro released_first_fill(node, sql, release) %}
    {%- set columns = released_columns(node) -%}
    {%- set key = released_key(node) -%}
    insert into store.{{ adapter.quote(node.name) }} (
        {{ released_list(columns) }}, released_in
    )
    select {{ released_list(columns, 'mod') }}, {{ release }}
    from ({{ sql }}) as mod
    order by {{ released_list(key, 'mod') }}
{% endmacro %}

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

{#- A whole model is joined in bulk, with the planner's own choices and more memory. -#}
{% macro released_whole_model() %}
    set local enable_hashjoin = on;
    set local enable_mergejoin = on;
    set local enable_seqscan = on;
    set local from_collapse_limit = default;
    set local join_collapse_limit = default;
    select set_config(
        'work_mem', (4 * pg_size_bytes(current_setting('work_mem')) / 1024)::text, true
    );
{% endmacro %}

{#- With few scopes every join goes by index, in the order written: the planner else scans all
    partitions, and takes longer to think than to compute. -#}
{% macro released_small_changes() %}
    set local enable_hashjoin = off;
    set local enable_mergejoin = off;
    set local enable_seqscan = off;
    set local from_collapse_limit = 1;
    set local join_collapse_limit = 1;
{% endmacro %}
