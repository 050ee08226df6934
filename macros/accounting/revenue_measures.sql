{#- The measures of revenue (V2) over postings, as columns of a grouped select. -#}
{% macro revenue_measures() -%}
    {{ net_credit('revenue') }}::numeric(18, 4) as gross_charge_amount,
    (-{{ net_credit('discounts') }})::numeric(18, 4) as discount_amount,
    (-{{ net_credit('contractual_adjustments') }})::numeric(18, 4)
        as contractual_adjustment_amount,
    (-{{ net_credit('charity_care') }})::numeric(18, 4) as charity_care_amount,
    (-{{ net_credit('credit_notes') }})::numeric(18, 4) as credit_note_amount,
    {{ net_revenue() }} as net_revenue_amount,
    (-{{ net_credit('write_offs') }})::numeric(18, 4) as write_off_amount,
    {{ net_credit('tax_payable') }}::numeric(18, 4) as tax_amount,
    count(distinct (document_id, line_id)) filter (
        where event_type = 'invoice_line' and not is_reversal
    ) as line_count,
    count(distinct document_id) filter (
        where event_type = 'invoice_line' and not is_reversal
    ) as invoice_count
{%- endmacro %}
