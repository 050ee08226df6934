{#- SQL for what was collected, over postings (V5): receipts and wallet uses, no top-ups. -#}
{% macro collected(amount='amount') -%}
    {%- set received = ['payment', 'payment_unapplied', 'recovery'] -%}
    {%- set used = ['payment', 'payment_unapplied', 'wallet_use'] -%}
    (-{{ net_credit('cash', received, amount) }}
    - {{ net_credit('wallet_liability', used, amount) }})::numeric(18, 4)
{%- endmacro %}
