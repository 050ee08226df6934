{#- The measures of money (V4, V5) of days or methods summed up, with what is left of cash and of
    collections, as columns of a grouped select. -#}
{% macro collection_sums() -%}
    sum(cash_received_amount)::numeric(18, 4) as cash_received_amount,
    sum(cash_paid_out_amount)::numeric(18, 4) as cash_paid_out_amount,
    sum(other_cash_amount)::numeric(18, 4) as other_cash_amount,
    sum(
        cash_received_amount - cash_paid_out_amount + other_cash_amount
    )::numeric(18, 4) as net_cash_amount,
    sum(collection_amount)::numeric(18, 4) as collection_amount,
    sum(refund_amount)::numeric(18, 4) as refund_amount,
    sum(collection_amount - refund_amount)::numeric(18, 4) as net_collection_amount,
    sum(top_up_amount)::numeric(18, 4) as top_up_amount,
    sum(withdrawal_amount)::numeric(18, 4) as withdrawal_amount,
    sum(wallet_use_amount)::numeric(18, 4) as wallet_use_amount,
    sum(wallet_refund_amount)::numeric(18, 4) as wallet_refund_amount,
    sum(unbilled_wallet_use_amount)::numeric(18, 4) as unbilled_wallet_use_amount,
    sum(receipt_count)::bigint as receipt_count,
    sum(refund_count)::bigint as refund_count
{%- endmacro %}
