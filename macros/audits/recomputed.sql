{#- Any relation, narrowed to the documents of a type that the open release computed anew in
    the journal; `column` holds the document's key. After a full recompute, to the tenants
    in turn. -#}
{% macro recomputed(relation, document_type, column) %}
    {%- set tenants = in_turn('dim_tenants') -%}
    {%- set mode = audit_mode(['fct_postings']) if execute else 'history' -%}
    {%- if mode == 'history' -%}
        {{ return(relation) }}
    {%- elif mode == 'whole' -%}
        {{ return(narrowed(relation, ['tenant_id'], "select tenant_id from " ~ tenants)) }}
    {%- endif -%}
    {%- set scopes = "select tenant_id, document_id as " ~ adapter.quote(column)
        ~ " from work.fct_postings__scopes where document_type = '" ~ document_type ~ "'"
        ~ (" and false" if mode == 'nothing' else "") -%}
    {{ return(narrowed(relation, ['tenant_id', column], scopes)) }}
{% endmacro %}
