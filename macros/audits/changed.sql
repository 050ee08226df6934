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

{#- Any relation, narrowed to the documents of a type that the open release computed anew in
    the journal; `column` holds the document's key. After a full recompute, to the tenants
    in turn. -#}
{% macro recomputed(relation, document_type, column) %}
    {%- set tenants = in_turn('dim_tenants') -%}
    {%- set mode = audit_mode(['fct_postings']) if execute else 'history' -%}
    {%- if mode == 'history' -%}
        {{ return(relation) }}
    {%- elif mode == 'whole' -%}
        {{ return(
            "(select inn.* from (select * from " ~ relation ~ ") as inn"
            ~ " where inn.tenant_id in (select tenant_id from " ~ tenants ~ ")) as narrowed"
        ) }}
    {%- endif -%}
    {%- set scopes = "select tenant_id, document_id as " ~ adapter.quote(column)
        ~ " from work.fct_postings__scopes where document_type = '" ~ document_type ~ "'"
        ~ (" and false" if mode == 'nothing' else "") -%}
    {{ return(narrowed(relation, ['tenant_id', column], scopes)) }}
{% endmacro %}

{#- A relation with one row per tenant, narrowed to a few tenants, others at each release:
    what can only be checked whole is checked in turn. A small group is checked each time. -#}
{% macro in_turn(model_name) %}
    {%- set relation = ref(model_name) -%}
    {%- set mode = audit_mode() if execute else 'history' -%}
    {%- if mode == 'history' -%}
        {{ return(relation) }}
    {%- endif -%}
    {#- ten tenants after a full recompute, else one; all of few -#}
    {%- set turns = "case when count(*) over () <= 4 then 1 else "
        ~ ("greatest(count(*) over () / 10, 1)" if mode == 'whole' else "count(*) over ()")
        ~ " end" -%}
    {{ return(
        "(select * from (select *, (row_number() over (order by tenant_id) + "
        ~ open_plan()[0]['release_id'] ~ ") % (" ~ turns ~ ") as turn from "
        ~ relation ~ ") as ranked where turn = 0) as in_turn"
    ) }}
{% endmacro %}

{#- Looks the scopes up one by one: few of them must not read the whole relation. -#}
{% macro narrowed(relation, columns, scopes) %}
    {{ return(
        "(select mod.* from (" ~ scopes ~ ") as sco cross join lateral (select inn.* from"
        ~ " (select * from " ~ relation ~ ") as inn where " ~ released_same(columns, 'inn', 'sco')
        ~ " offset 0) as mod) as narrowed"
    ) }}
{% endmacro %}

{#- What `almoner build` planned in the release it has open: release, model and mode; no row
    without an open release. Asked of the database once, however often an audit wants it. -#}
{% macro open_plan() %}
    {%- set known = load_result('open_plan') -%}
    {%- if not known -%}
        {%- call statement('open_plan', fetch_result=True, auto_begin=True) -%}
            select release_id, model, mode
            from almoner.plans
            where release_id = nullif(current_setting('almoner.release', true), '')::int
        {%- endcall -%}
        {%- set known = load_result('open_plan') -%}
    {%- endif -%}
    {#- what is loaded is gone, unless it is stored again -#}
    {%- do store_result('open_plan', known.response, known.table) -%}
    {{ return(known.table.rows) }}
{% endmacro %}

{#-
    What an audit must look at: all `history` in `almoner audit`; in a build the `whole` model
    after a full recompute (of one of the models that are named, else of any), the `changes`
    after an incremental one, `nothing` when none was touched.
-#}
{% macro audit_mode(models=none) %}
    {%- set planned = open_plan() -%}
    {%- if not planned -%}
        {{ return('history') }}
    {%- endif -%}
    {%- set modes = [] -%}
    {%- for row in planned if models is none or row['model'] in models -%}
        {%- do modes.append(row['mode']) -%}
    {%- endfor -%}
    {{ return('whole' if 'full' in modes else 'changes' if modes else 'nothing') }}
{% endmacro %}

{#- The node of a model of the project. -#}
{% macro released_node(name) %}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.name == name -%}
        {{ return(node) }}
    {%- endfor -%}
    {%- do exceptions.raise_compiler_error("no model is called " ~ name) -%}
{% endmacro %}
