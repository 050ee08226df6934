{#-
    A released model, narrowed to what the open release changed: the rows whose `columns`
    (the scope by default) stand in the feed of `feed` (the model's own by default). Without
    an open release, or after a full recompute, the whole of it.
-#}
{% macro changed(model_name, columns=none, feed=none) %}
    {%- set relation = ref(model_name) -%}
    {%- set feed = feed or model_name -%}
    {%- if not execute or audit_mode([model_name, feed]) in ('history', 'whole') -%}
        {{ return(relation) }}
    {%- endif -%}
    {%- set columns = columns or released_node(model_name).config.meta.scope -%}
    {%- set scopes = "select distinct " ~ released_list(columns) ~ " from feed."
        ~ adapter.quote(feed) ~ " where release_id = " ~ open_plan()[0]['release_id'] -%}
    {{ return(narrowed(relation, columns, scopes)) }}
{% endmacro %}
