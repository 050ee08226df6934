{#- A CTE of rows with the part of their total that each amount is, in percent with two
    decimals. What rounding down leaves goes to the largest remainders, so that shares total
    100.00 (V11); null where the total is 0 (K). -#}
{% macro with_shares(rows, amount, total_of, order_by) -%}
select
    ran.*,
    (
        (ran.share_units + (ran.remainder_rank <= ran.missing_units)::int) / 100.0
    )::numeric(30, 2) as share_percent
from (
    select
        par.*,
        10000 - sum(par.share_units) over tot as missing_units,
        row_number() over (
            partition by {{ total_of | join(', ') }}
            order by abs(par.share_remainder) desc, {{ order_by | join(', ') }}
        ) as remainder_rank
    from (
        select
            rem.*,
            div(rem.{{ amount }} * 10000 - rem.share_remainder, rem.total_amount)
                as share_units
        from (
            select
                row.*,
                mod(
                    mod(row.{{ amount }} * 10000, row.total_amount) + row.total_amount,
                    row.total_amount
                ) as share_remainder
            from (
                select
                    inn.*,
                    nullif(
                        sum(inn.{{ amount }}) over (
                            partition by {{ total_of | join(', ') }}
                        ),
                        0
                    ) as total_amount
                from {{ rows }} as inn
            ) as row
        ) as rem
    ) as par
    window tot as (partition by {{ total_of | join(', ') }})
) as ran
{%- endmacro %}
