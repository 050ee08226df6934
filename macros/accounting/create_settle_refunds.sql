{#- Creates the aggregate, its step and its last step, where this version is missing. -#}
{% macro create_settle_refunds() %}
{%- set name = settle_refunds() %}
    create or replace function {{ name }}_step(
        settled jsonb, refund_amount numeric, receipt_parts jsonb, refund_date date,
        void_date date
    ) returns jsonb language sql immutable set search_path = pg_catalog, pg_temp
    as $body$ {{ settle_refund_body() }} $body$;

    create or replace function {{ name }}_last(settled jsonb)
    returns jsonb language sql immutable set search_path = pg_catalog, pg_temp
    as $body$ select settled -> -1 -> 'parts' $body$;

    create or replace aggregate {{ name }}(
        refund_amount numeric, receipt_parts jsonb, refund_date date, void_date date
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
