{#- The gate's view shows what the reader's tenant has published. It is made last, and anew only
    if it would be another, for readers wait until whoever makes it has committed.
    Its `tenant_id` is the reader's own and not the column: what is asked of another tenant looks
    nothing up, so that neither plan nor time tells whether there is one. -#}
{% macro released_gate(node) %}
    {%- set name = adapter.quote(node.name) -%}
    {%- set columns = released_stored_columns(node) | reject('equalto', 'tenant_id') | list -%}
    {%- set definition %}
    create or replace view pub.{{ name }} with (security_barrier = true) as
    select
        (select almoner.reader_tenant())::text as tenant_id,
        {{ released_list(columns, 'sto') }}
    from store.{{ name }} as sto
    where
        sto.tenant_id = (select almoner.reader_tenant())
        and sto.released_in <= (select almoner.reader_release())
        and sto.retired_in > (select almoner.reader_release())
        {%- if node.config.meta.get('keeps_policy') %}
        and not (select almoner.precedes_policy())
        {%- endif %};
    alter view pub.{{ name }} owner to almoner_gate;
    {%- endset -%}
    {%- set digest = local_md5(definition) -%}
    {%- set found = released_run(
        "select pg_catalog.obj_description(to_regclass('pub." ~ name ~ "'), 'pg_class')"
    ).rows[0][0] -%}
    {%- if found != digest -%}
        {%- do released_run(
            definition ~ " comment on view pub." ~ name ~ " is '" ~ digest ~ "'"
        ) -%}
    {%- endif -%}
{% endmacro %}
