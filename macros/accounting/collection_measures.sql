{#- The measures of money (V4, V5) over postings, as columns of a grouped select. What a closed
    period withdraws, be it of a void, is no receipt and no refund. -#}
{% macro collection_measures() -%}
    {%- set received = ['payment', 'payment_unapplied', 'recovery'] -%}
    {%- set used = ['payment', 'payment_unapplied', 'wallet_use'] -%}
    {%- set returned = ['refund', 'wallet_refund'] -%}
    (-{{ net_credit('cash', received + ['wallet_top_up']) }})::numeric(18, 4)
        as cash_received_amount,
    {{ net_credit('cash', ['refund', 'wallet_withdrawal']) }}::numeric(18, 4)
        as cash_paid_out_amount,
    (
        -{{ net_credit('cash') }}
        + {{ net_credit('cash', received + ['wallet_top_up', 'refund', 'wallet_withdrawal']) }}
    )::numeric(18, 4) as other_cash_amount,
    {{ collected() }} as collection_amount,
    {{ refunded() }} as refund_amount,
    {{ wallet_measures() }},
    count(distinct (document_type, document_id)) filter (
        where
            event_type in ('{{ (used + ['recovery']) | join("', '") }}')
            and not is_reversal and carried_to >= 0
    ) as receipt_count,
    count(distinct (document_type, document_id)) filter (
        where
            event_type in ('{{ returned | join("', '") }}')
            and not is_reversal and carried_to >= 0
    ) as refund_count
{%- endmacro %}
