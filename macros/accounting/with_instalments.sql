{#- A CTE of balances in the parts that they are payable in (A6): the latest parts are open, for
    what was paid settles the oldest first, and the first bears what no part explains. Open of
    a part is `open_from_part` less `open_after_part`; `by` names a balance. -#}
{% macro with_instalments(balances, by) -%}
select
    par.*,
    case
        when par.place = 1 then par.outstanding_amount
        else greatest(least(par.outstanding_amount, par.amount_from_part), 0)
    end as open_from_part,
    case
        when par.place = par.part_count then 0
        else greatest(least(par.outstanding_amount, par.amount_after_part), 0)
    end as open_after_part,
    coalesce(par.instalment_due_date, par.due_date) as part_due_date
from (
    select
        bal.*,
        ins.instalment_number,
        ins.due_date as instalment_due_date,
        sum(ins.amount) over (
            from_part rows between current row and unbounded following
        ) as amount_from_part,
        sum(ins.amount) over (
            from_part rows between 1 following and unbounded following
        ) as amount_after_part,
        row_number() over from_part as place,
        count(*) over (
            from_part rows between unbounded preceding and unbounded following
        ) as part_count
    from {{ balances }} as bal
    left join {{ ref('fct_instalments') }} as ins
        on
            bal.tenant_id = ins.tenant_id
            and bal.invoice_id = ins.invoice_id
            and bal.is_payable_in_parts
    window from_part as (
        partition by bal.{{ by | join(', bal.') }}
        order by ins.due_date, ins.instalment_number
    )
) as par
{%- endmacro %}
