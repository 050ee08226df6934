{#- A relation with one row per tenant, narrowed to a few tenants, others at each release:
    what can only be checked whole is checked in turn. A small group is checked each time,
    and so is a tenant that an audit holds. What costs as much for one tenant as for all, and
    differs only if a definition does (`in_changes` false), none of a large group is checked
    for after an incremental build. -#}
{% macro in_turn(model_name, in_changes=true) %}
    {%- set relation = ref(model_name) -%}
    {%- set mode = audit_mode() if execute else 'history' -%}
    {%- if mode == 'history' -%}
        {{ return(relation) }}
    {%- endif -%}
    {#- ten tenants after a full recompute, else one or none; all of few -#}
    {%- set others = "greatest(count(*) over () / 10, 1)" if mode == 'whole'
        else "count(*) over ()" if in_changes else "null" -%}
    {%- set turns = "case when count(*) over () <= 4 then 1 else " ~ others ~ " end" -%}
    {{ return(
        "(select * from (select *, " ~ turns ~ " as turns, row_number() over (order by tenant_id) + "
        ~ open_plan()[0]['release_id'] ~ " as place from " ~ relation
        ~ ") as ranked where place % turns = 0"
        ~ (" or tenant_id in (" ~ held_tenants() ~ ")" if held_tenants() else "") ~ ") as in_turn"
    ) }}
{% endmacro %}
