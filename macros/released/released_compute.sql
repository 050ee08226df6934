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
    full recompute has no scopes.
-#}
{% macro released_compute(node, sql, plan) %}
    {%- set scopes = 'work.' ~ adapter.quote(node.name ~ '__scopes') -%}
    {%- set rows = 'work.' ~ adapter.quote(node.name ~ '__rows') -%}
    {%- set columns = released_columns(node) -%}
    {%- set scope = node.config.meta.scope -%}
    {%- do released_run('truncate ' ~ scopes ~ ', ' ~ rows) -%}
    {%- set insert = 'insert into ' ~ rows ~ ' (' ~ released_list(columns) ~ ') select '
        ~ released_list(columns, 'mod') ~ ' from ' -%}
    {%- if plan.mode == 'full' -%}
        {%- do released_run(released_whole_model()) -%}
        {%- do released_run(insert ~ '(' ~ sql ~ ') as mod') -%}
    {%- else -%}
        {%- do released_run(released_small_changes()) -%}
        {%- set changed = changed_scopes(node, plan) -%}
        {%- if changed -%}
            {%- do released_run('insert into ' ~ scopes ~ ' ' ~ changed) -%}
        {%- endif -%}
        {%- do released_run('analyze ' ~ scopes) -%}
        {%- set size = released_run('select count(*) from ' ~ scopes).rows[0][0] -%}
        {%- if size <= 200000 -%}
            {%- do released_run(
                insert ~ scopes ~ ' as sco cross join lateral (select * from (' ~ sql
                ~ ') as inn where ' ~ released_same(scope, 'inn', 'sco') ~ ' offset 0) as mod'
            ) -%}
        {%- else -%}
            {%- do released_run(released_whole_model()) -%}
            {%- do released_run(
                insert ~ '(' ~ sql ~ ') as mod inner join ' ~ scopes ~ ' as sco on '
                ~ released_same(scope, 'mod', 'sco')
            ) -%}
        {%- endif -%}
    {%- endif -%}
    {%- do released_run('analyze ' ~ rows) -%}
{% endmacro %}

{#- A whole model is joined in bulk: the planner takes a `reject_reason is null` for a rare
    thing and would look millions of rows up one by one. -#}
{% macro released_whole_model() %}
    set local enable_hashjoin = on;
    set local enable_mergejoin = on;
    set local enable_seqscan = on;
    set local from_collapse_limit = default;
    set local join_collapse_limit = default;
    set local enable_nestloop = off;
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
