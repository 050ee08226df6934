{#- SQL for what was paid back of collections, over postings (R4), in cash or to a wallet. -#}
{% macro refunded(amount='amount') -%}
    ({{ net_credit('cash', ['refund'], amount) }}
    + {{ net_credit('wallet_liability', ['refund', 'wallet_refund'], amount) }})::numeric(18, 4)
{%- endmacro %}
