{#- A relation for the tenants of another one, looked at once: one that keeps an expression reckons
    all tenants before it gives one. Without a tenant nothing is reckoned. -#}
{% macro at_once(relation, tenants) -%}
    (
        select mod.*
        from (
            select array_agg(per.tenant_id) as tenant_ids
            from (select * from {{ tenants }}) as per
            having count(*) > 0
        ) as ten
        cross join lateral (
            select * from {{ relation }} as inn where inn.tenant_id = any(ten.tenant_ids) offset 0
        ) as mod
    )
{%- endmacro %}
