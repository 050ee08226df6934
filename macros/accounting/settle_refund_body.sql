{#- One step: what a refund takes of each part of its receipt, in their order, with the refunds
    before it in `settled`. Those voided by then have given back; a part without an amount has
    no bounds. -#}
{% macro settle_refund_body() -%}
    with taken_amounts as (
        select
            tak.line_id,
            sum(tak.amount) as amount
        from jsonb_to_recordset(settled) as rfd (voided date, parts jsonb)
        cross join lateral jsonb_to_recordset(rfd.parts) as tak (line_id bigint, amount numeric)
        where rfd.voided is null or rfd.voided > refund_date
        group by tak.line_id
    ),

    left_parts as (
        select
            par.part,
            par.place,
            coalesce(
                (par.part ->> 'amount')::numeric - coalesce(tak.amount, 0), refund_amount
            ) as amount
        from jsonb_array_elements(receipt_parts) with ordinality as par (part, place)
        left join taken_amounts as tak on (par.part ->> 'line_id')::bigint = tak.line_id
    ),

    running_parts as (
        select
            lef.*,
            sum(lef.amount) over (order by lef.place) - lef.amount as earlier_amount
        from left_parts as lef
    )

    select
        settled || jsonb_build_object(
            'parts',
            jsonb_agg(
                run.part || jsonb_build_object(
                    'amount',
                    least(run.amount, greatest(refund_amount - run.earlier_amount, 0))
                )
                order by run.place
            ),
            'voided', void_date
        )
    from running_parts as run
{%- endmacro %}
