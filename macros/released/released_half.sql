{#- A condition that holds for half of a model's scopes, by the last column of their key: a case,
    since the planner takes an equality of expressions for a rare thing. -#}
{% macro released_half(node, alias) -%}
    case when hashtext({{ alias }}.{{ adapter.quote(node.config.meta.scope[-1]) }}::text) % 2 = 0
        then true else false end
{%- endmacro %}
