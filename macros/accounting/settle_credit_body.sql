{#- One step: how much a line reduces each share, with the lines before it in `settled`.
    Lines voided by then no longer count. -#}
{% macro settle_credit_body() -%}
    with open_amounts as (
        select
            open_patient - coalesce(sum(lin.patient), 0) as patient,
            open_payer - coalesce(sum(lin.payer), 0) as payer
        from jsonb_to_recordset(settled) as lin (patient numeric, payer numeric, voided date)
        where lin.voided is null or lin.voided > credit_date
    ),

    own_parts as (
        select
            ope.*,
            least(
                amount,
                greatest(case share when 'payer' then ope.payer else ope.patient end, 0)
            ) as own
        from open_amounts as ope
    ),

    parts as (
        select
            own.own,
            least(
                amount - own.own,
                greatest(case share when 'payer' then own.patient else own.payer end, 0)
            ) as other
        from own_parts as own
    )

    select
        settled || jsonb_build_object(
            'patient', case share when 'payer' then par.other else par.own end,
            'payer', case share when 'payer' then par.own else par.other end,
            'voided', void_date
        )
    from parts as par
{%- endmacro %}
