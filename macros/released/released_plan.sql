{#- What `almoner build` planned for a model: mode, release and since which release. -#}
{% macro released_plan(node) %}
    {%- set found = released_run(
        "select release_id, mode, since from almoner.plans"
        ~ " where release_id = nullif(current_setting('almoner.release', true), '')::int"
        ~ " and model = '" ~ node.name ~ "'"
    ) -%}
    {%- if not found.rows -%}
        {%- do exceptions.raise_compiler_error(
            node.name ~ ": no release is open for this model; run `almoner build`"
        ) -%}
    {%- endif -%}
    {%- set row = found.rows[0] -%}
    {%- set plan = {
        'release': row[0] | int,
        'mode': row[1],
        'since': row[2] | int,
        'feeds': {},
    } -%}
    {%- if plan.mode == 'incremental' -%}
        {%- set logged = released_run(
            "select feed, bool_or(is_full) from almoner.feed_log where release_id > "
            ~ plan.since ~ " group by feed"
        ) -%}
        {%- for feed in logged.rows -%}
            {%- do plan.feeds.update({feed[0]: feed[1]}) -%}
        {%- endfor -%}
        {#- an input that was filled for the first time left no feed: recompute in full -#}
        {%- for feed in released_feeds(node) if plan.feeds.get(feed) -%}
            {%- do plan.update({'mode': 'full'}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(plan) }}
{% endmacro %}
