{#- SQL for what was collected, over postings (V5): receipts and wallet uses, no top-ups; of a
    receipt that was put into a wallet only the rest. -#}
{% macro collected(amount='amount') -%}
    {%- set received = ['payment', 'payment_unapplied', 'recovery', 'wallet_top_up'] -%}
    {%- set used = ['payment', 'payment_unapplied', 'wallet_use', 'wallet_top_up'] -%}
    (-{{ net_credit('cash', received, amount) }}
    - {{ net_credit('wallet_liability', used, amount) }})::numeric(18, 4)
{%- endmacro %}
