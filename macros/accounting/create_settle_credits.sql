{#- Creates the aggregate, its step and its last step, where this version is missing. -#}
{% macro create_settle_credits() %}
{%- set name = settle_credits() %}
    create or replace function {{ name }}_step(
        settled jsonb, share text, amount numeric, open_patient numeric, open_payer numeric,
        credit_date date, void_date date
    ) returns jsonb language sql immutable set search_path = pg_catalog, pg_temp
    as $body$ {{ settle_credit_body() }} $body$;

    create or replace function {{ name }}_last(settled jsonb)
    returns jsonb language sql immutable set search_path = pg_catalog, pg_temp
    as $body$ select settled -> -1 $body$;

    create or replace aggregate {{ name }}(
        share text, amount numeric, open_patient numeric, open_payer numeric,
        credit_date date, void_date date
    ) (
        sfunc = {{ name }}_step,
        stype = jsonb,
        finalfunc = {{ name }}_last,
        initcond = '[]'
    );

    revoke execute on function
    {{ name }}_step(jsonb, text, numeric, numeric, numeric, date, date),
    {{ name }}_last(jsonb),
    {{ name }}(text, numeric, numeric, numeric, date, date)
    from public
{% endmacro %}
