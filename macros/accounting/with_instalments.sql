{#- A CTE of balances in the parts that they are payable in (A6): the latest parts are open, for
    what was paid settles the oldest first, and the first bears what no part explains. Open of
    a part is `open_from_part` less `open_after_part`. The parts are added up by invoice, of
    which few have any, and not by balance. -#}
{% macro with_instalments(balances) -%}
select
    bal.*,
    par.instalment_number,
    coalesce(par.place, 1) as part_number,
    coalesce(par.part_count, 1) as part_count,
    case
        when coalesce(par.place, 1) = 1 then bal.outstanding_amount
        else greatest(least(bal.outstanding_amount, par.amount_from_part), 0)
    end as open_from_part,
    case
        when coalesce(par.place = par.part_count, true) then 0
        else greatest(least(bal.outstanding_amount, par.amount_after_part), 0)
    end as open_after_part,
    coalesce(par.due_date, bal.due_date) as part_due_date
from {{ balances }} as bal
left join (
    select
        ins.tenant_id,
        ins.invoice_id,
        ins.instalment_number,
        ins.due_date,
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
    from {{ ref('fct_instalments') }} as ins
    window from_part as (
        partition by ins.tenant_id, ins.invoice_id
        order by ins.due_date, ins.instalment_number
    )
) as par
    on
        bal.tenant_id = par.tenant_id
        and bal.invoice_id = par.invoice_id
        and bal.is_payable_in_parts
{%- endmacro %}
