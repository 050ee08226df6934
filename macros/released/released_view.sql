{#- The builder's view of a released model shows the candidate. -#}
{% macro released_view(node, target_relation) %}
    create or replace view {{ target_relation }} with (security_invoker = true) as
    select {{ released_list(released_stored_columns(node), 'sto') }}
    from store.{{ adapter.quote(node.name) }} as sto
    where sto.retired_in = 2147483647;
{% endmacro %}
