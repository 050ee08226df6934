{#- What `almoner build` planned for a model: mode, release, since which release, and the feeds
    with news since then. Keeps the release from being taken over while the model runs. -#}
{% macro released_plan(node) %}
    {%- set found = released_run(
        "select pla.release_id, pla.mode, pla.since, (select json_object_agg(news.feed, news.is_full)"
        ~ " from (select log.feed, bool_or(log.is_full) as is_full from almoner.feed_log as log"
        ~ " where log.release_id > pla.since group by log.feed) as news)::text as feeds,"
        ~ " almoner.fence(pla.release_id) as is_fenced"
        ~ " from almoner.plans as pla"
        ~ " where pla.release_id = nullif(current_setting('almoner.release', true), '')::int"
        ~ " and pla.model = '" ~ node.name ~ "'"
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
        'feeds': fromjson(row[3] or '{}'),
    } -%}
    {#- an input that was filled for the first time left no feed: recompute in full -#}
    {%- set may_be_new = plan.mode != 'full' and true in plan.feeds.values() -%}
    {%- for feed in (released_feeds(node) if may_be_new else []) if plan.feeds.get(feed) -%}
        {%- do plan.update({'mode': 'full'}) -%}
        {%- do released_run(
            "update almoner.plans set mode = 'full' where release_id = " ~ plan.release
            ~ " and model = '" ~ node.name ~ "'"
        ) -%}
    {%- endfor -%}
    {{ return(plan) }}
{% endmacro %}
