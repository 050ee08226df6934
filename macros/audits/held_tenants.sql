{#- The tenants that an audit holds, as a list of literals: a build audits them whole, since what
    it found fault with may have changed long ago. Empty if there is none. -#}
{% macro held_tenants() %}
    {%- set known = load_result('held_tenants') -%}
    {%- if not known -%}
        {%- call statement('held_tenants', fetch_result=True, auto_begin=True) -%}
            select string_agg(quote_literal(tenant_id), ', ' order by tenant_id)
            from almoner.holds
            where lifted_at is null and kind = 'audit'
        {%- endcall -%}
        {%- set known = load_result('held_tenants') -%}
    {%- endif -%}
    {#- what is loaded is gone, unless it is stored again -#}
    {%- do store_result('held_tenants', known.response, known.table) -%}
    {{ return(known.table.rows[0][0] or '') }}
{% endmacro %}
