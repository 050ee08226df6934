{#- Makes a view, in place where it can. Dropping it first would take the views upon it away,
    and two threads that drop at once lock each other out; only other columns need that. -#}
{% macro replace_view(relation, sql) %}
    do $view$
    begin
        create or replace view {{ relation }} as
        {{ sql }};
    exception when invalid_table_definition then
        drop view {{ relation }} cascade;
        create view {{ relation }} as
        {{ sql }};
    end
    $view$
{% endmacro %}
