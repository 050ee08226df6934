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
