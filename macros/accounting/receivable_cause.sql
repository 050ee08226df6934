{#- SQL for what a posting that moves the receivable did to it (A11). A use of a credit note, be it
    refunded or allocated, takes off its own invoice what that was credited; it collects nothing
    and gives back no receipt. -#}
{% macro receivable_cause(alias) -%}
    case
        when
            'responsibility_transfer' in (
                {{ alias }}.debit_account, {{ alias }}.credit_account
            )
            then 'transferred'
        when {{ alias }}.event_type in ('invoice_line', 'line_discount', 'line_tax')
            then 'billed'
        when
            {{ alias }}.event_type in (
                'credit_note', 'credit_note_tax', 'credit_note_excess', 'credit_note_use'
            )
            then 'credited'
        when {{ alias }}.event_type in ('payment', 'wallet_use', 'application')
            then 'applied'
        when {{ alias }}.event_type in ('refund', 'wallet_refund') then 'refunded'
        when {{ alias }}.event_type in ('contractual_adjustment', 'charity_care')
            then 'adjusted'
        when {{ alias }}.event_type = 'write_off' then 'written_off'
        else 'other'
    end
{%- endmacro %}
