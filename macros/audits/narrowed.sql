{#- Looks the scopes up one by one: few of them must not read the whole relation. Of tenants
    that an audit holds the whole is looked at. -#}
{% macro narrowed(relation, columns, scopes) %}
    {%- set held = held_tenants() -%}
    {%- set chosen = "select mod.* from (" ~ scopes ~ ") as sco cross join lateral (select inn.* from"
        ~ " (select * from " ~ relation ~ ") as inn where " ~ released_same(columns, 'inn', 'sco')
        ~ " offset 0) as mod" -%}
    {%- if held -%}
        {%- set chosen = chosen ~ " where mod.tenant_id not in (" ~ held ~ ") union all select inn.*"
            ~ " from (select * from " ~ relation ~ ") as inn where inn.tenant_id in (" ~ held ~ ")" -%}
    {%- endif -%}
    {{ return("(" ~ chosen ~ ") as narrowed") }}
{% endmacro %}
