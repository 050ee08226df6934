{#- What wallets did (V4) over postings, as columns of a grouped select. -#}
{% macro wallet_measures() -%}
    {{ net_credit('wallet_liability', ['wallet_top_up']) }}::numeric(18, 4) as top_up_amount,
    (-{{ net_credit('wallet_liability', ['wallet_withdrawal']) }})::numeric(18, 4)
        as withdrawal_amount,
    (
        -{{ net_credit(
            'wallet_liability', ['payment', 'payment_unapplied', 'wallet_use']
        ) }}
    )::numeric(18, 4) as wallet_use_amount,
    {{ net_credit('wallet_liability', ['refund', 'wallet_refund']) }}::numeric(18, 4)
        as wallet_refund_amount,
    (-{{ net_credit('wallet_liability', ['unbilled_wallet_use']) }})::numeric(18, 4)
        as unbilled_wallet_use_amount
{%- endmacro %}
