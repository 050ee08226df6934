{#-
    A CTE of postings on the days where they stand (T2). Those of a month that was closed under
    the policy `carry-forward` stay as they were signed. Where a later change gives others, the
    signed one is withdrawn and the new one posted on the first open day: `carried_to` is the
    month that such a row was posted to, as YYYYMM, below zero for a withdrawal, and
    `carried_from` the day that it is of. Nothing is read while no tenant has such a
    month.

    A posting and its withdrawals have one key but for the direction, and of what was signed
    under one key the last counts. A tenant's closings in force have one policy.
-#}
{% macro with_closed_periods(postings) -%}
{%- do ref('dim_closed_periods') -%}
{%- if not has_carried_periods() -%}
select
    pos.*,
    0 as carried_to,
    null::date as carried_from
from {{ postings }} as pos
{%- else -%}
{%- set key = [
    'tenant_id', 'document_type', 'document_id', 'line_id', 'event_type', 'share',
] -%}
{%- set swapped = {
    'debit_account': 'credit_account', 'credit_account': 'debit_account',
    'debit_ledger_account': 'credit_ledger_account',
    'credit_ledger_account': 'debit_ledger_account',
} -%}
{%- set own = model.columns | reject('in', ['carried_to', 'carried_from']) | list -%}
select sig.*
from ({{ signed_postings() }}) as sig
union all
select
    {%- for column in model.columns %}
    {% if column == 'is_reversal' -%}
    cmp.is_reversal <> not cmp.is_new as is_reversal
    {%- elif column == 'business_date' -%}
    case
        when not cmp.is_new or per.tenant_id is not null then ope.open_date
        else cmp.stands_on
    end as business_date
    {%- elif column == 'carried_to' -%}
    case
        when not cmp.is_new then -{{ month_number('ope.open_date') }}
        when per.tenant_id is not null then {{ month_number('ope.open_date') }}
        when cmp.was_signed then {{ month_number('cmp.stands_on') }}
        else 0
    end as carried_to
    {%- elif column == 'carried_from' -%}
    case
        when not cmp.is_new or per.tenant_id is not null or cmp.was_signed then cmp.stands_on
    end as carried_from
    {%- elif column in swapped -%}
    case when cmp.is_new then cmp.{{ column }} else cmp.{{ swapped[column] }} end
        as {{ column }}
    {%- else -%}
    cmp.{{ column }}
    {%- endif -%}
    {%- if not loop.last %},{% endif -%}
    {%- endfor %}
from (
    select
        bot.*,
        bool_or(not bot.is_new) over (
            partition by {{ released_list(key + ['is_void'], 'bot') }}
        ) as was_signed,
        count(*) over (
            partition by {{ released_list(
                key + ['is_void', 'is_standing', 'stands_on'] + posting_content(), 'bot'
            ) }}
        ) as alike
    from (
        select
            {{ released_list(own, 'pos') }},
            true as is_new,
            true as is_standing,
            pos.is_reversal as is_void,
            pos.business_date as stands_on
        from {{ postings }} as pos
        union all
        select
            {{ released_list(own, 'las') }},
            false as is_new,
            las.carried_to >= 0 as is_standing,
            las.is_void,
            las.stands_on
        from (
            select distinct on ({{ key | join(', ') }}, is_reversal <> (carried_to < 0))
                sig.*,
                sig.is_reversal <> (sig.carried_to < 0) as is_void,
                coalesce(sig.carried_from, sig.business_date) as stands_on
            from ({{ signed_postings() }}) as sig
            order by
                {{ key | join(', ') }},
                is_reversal <> (carried_to < 0),
                case carried_to
                    when 0 then {{ month_number('business_date') }} else abs(carried_to)
                end desc,
                carried_to desc
        ) as las
    ) as bot
) as cmp
left join (
    select
        tenant_id,
        max(ends_before) as open_date
    from {{ ref('dim_closed_periods') }}
    group by tenant_id
) as ope on cmp.tenant_id = ope.tenant_id
left join {{ ref('dim_closed_periods') }} as per
    on
        cmp.is_new
        and cmp.tenant_id = per.tenant_id
        and per.late_changes = 'carry-forward'
        and cmp.stands_on < per.ends_before
        and (per.starts_on is null or per.starts_on <= cmp.stands_on)
where cmp.alike = 1 and cmp.is_standing
{%- endif -%}
{%- endmacro %}
