{#- SQL for what postings credit to an account less what they debit; of some events only. -#}
{% macro net_credit(account, events=[], amount='amount') -%}
coalesce(
    sum(
        case '{{ account }}'
            when credit_account then {{ amount }} when debit_account then -{{ amount }}
        end
    ){% if events %} filter (where event_type in ('{{ events | join("', '") }}')){% endif %},
    0
)
{%- endmacro %}
