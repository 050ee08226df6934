{#- Looks the scopes up one by one: few of them must not read the whole relation. -#}
{% macro narrowed(relation, columns, scopes) %}
    {{ return(
        "(select mod.* from (" ~ scopes ~ ") as sco cross join lateral (select inn.* from"
        ~ " (select * from " ~ relation ~ ") as inn where " ~ released_same(columns, 'inn', 'sco')
        ~ " offset 0) as mod) as narrowed"
    ) }}
{% endmacro %}
