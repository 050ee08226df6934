{#- Creates the aggregate, its step and its last step, where this version is missing. -#}
{% macro create_take_parts() %}
{%- set name = take_parts() %}
    create or replace function {{ name }}_step(
        taken jsonb, wanted_amount numeric, whole_parts jsonb, taking_date date, void_date date
    ) returns jsonb language sql immutable set search_path = pg_catalog, pg_temp
    as $body$ {{ take_parts_body() }} $body$;

    create or replace function {{ name }}_last(taken jsonb)
    returns jsonb language sql immutable set search_path = pg_catalog, pg_temp
    as $body$ select taken -> -1 -> 'parts' $body$;

    create or replace aggregate {{ name }}(
        wanted_amount numeric, whole_parts jsonb, taking_date date, void_date date
    ) (
        sfunc = {{ name }}_step,
        stype = jsonb,
        finalfunc = {{ name }}_last,
        initcond = '[]'
    );

    revoke execute on function
    {{ name }}_step(jsonb, numeric, jsonb, date, date),
    {{ name }}_last(jsonb),
    {{ name }}(numeric, jsonb, date, date)
    from public
{% endmacro %}
