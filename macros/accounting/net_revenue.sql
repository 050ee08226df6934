{#- SQL for net revenue over postings (V2), as it is signed in a report. -#}
{% macro net_revenue(amount='amount') -%}
    {%- set accounts = [
        'revenue', 'discounts', 'contractual_adjustments', 'charity_care', 'credit_notes'
    ] -%}
    ({% for account in accounts -%}
        {{ net_credit(account, amount=amount) }}{{ ' + ' if not loop.last }}
    {%- endfor %})::numeric(18, 4)
{%- endmacro %}
