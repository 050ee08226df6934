{#- One step: what a document takes of each of these parts, in their order, with those before it
    in `taken`. One that is voided by then has given back; a part without an amount has no
    bounds. -#}
{% macro take_parts_body() -%}
    with taken_amounts as (
        select
            par.line_id,
            sum(par.amount) as amount
        from jsonb_to_recordset(taken) as doc (voided date, parts jsonb)
        cross join lateral jsonb_to_recordset(doc.parts) as par (line_id bigint, amount numeric)
        where doc.voided is null or doc.voided > taking_date
        group by par.line_id
    ),

    left_parts as (
        select
            par.part,
            par.place,
            coalesce(
                (par.part ->> 'amount')::numeric - coalesce(tak.amount, 0), wanted_amount
            ) as amount
        from jsonb_array_elements(whole_parts) with ordinality as par (part, place)
        left join taken_amounts as tak on (par.part ->> 'line_id')::bigint = tak.line_id
    ),

    running_parts as (
        select
            lef.*,
            sum(lef.amount) over (order by lef.place) - lef.amount as earlier_amount
        from left_parts as lef
    )

    select
        taken || jsonb_build_object(
            'parts',
            jsonb_agg(
                run.part || jsonb_build_object(
                    'amount',
                    least(run.amount, greatest(wanted_amount - run.earlier_amount, 0))
                )
                order by run.place
            ),
            'voided', void_date
        )
    from running_parts as run
{%- endmacro %}
