{#-
    A released model, narrowed to what the open release changed: the rows whose `columns`
    (the scope by default) stand in the feed of `feed` (the model's own by default). Without
    an open release, or after a full recompute of it or of what it is compared with, the whole.
-#}
{% macro changed(model_name, columns=none, feed=none) %}
    {%- set relation = ref(model_name) -%}
    {%- if not execute -%}
        {{ return(relation) }}
    {%- endif -%}
    {%- set feed = feed or model_name -%}
    {#- whatever the audit reads: one side whole and the other narrowed would differ -#}
    {%- set compared = [feed] -%}
    {%- for unique_id in model.depends_on.nodes -%}
        {%- do compared.append(unique_id.split('.')[-1]) -%}
    {%- endfor -%}
    {%- if audit_mode(compared) in ('history', 'whole') -%}
        {{ return(relation) }}
    {%- endif -%}
    {%- set columns = columns or released_node(model_name).config.meta.scope -%}
    {%- set scopes = "select distinct " ~ released_list(columns) ~ " from feed."
        ~ adapter.quote(feed) ~ " where release_id = " ~ open_plan()[0]['release_id'] -%}
    {{ return(narrowed(relation, columns, scopes)) }}
{% endmacro %}
