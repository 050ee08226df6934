{#- The measures of revenue (V2) over postings, as columns of a grouped select. What a closed
    period withdraws, be it of a void, is no line. One that is grouped by document counts its
    lines without telling documents apart: on millions of them that is a third of the time. -#}
{% macro revenue_measures(is_of_document=false) -%}
    {{ net_credit('revenue') }}::numeric(18, 4) as gross_charge_amount,
    (-{{ net_credit('discounts') }})::numeric(18, 4) as discount_amount,
    (-{{ net_credit('contractual_adjustments') }})::numeric(18, 4)
        as contractual_adjustment_amount,
    (-{{ net_credit('charity_care') }})::numeric(18, 4) as charity_care_amount,
    (-{{ net_credit('credit_notes') }})::numeric(18, 4) as credit_note_amount,
    {{ net_revenue() }} as net_revenue_amount,
    (-{{ net_credit('write_offs') }})::numeric(18, 4) as write_off_amount,
    {{ net_credit('tax_payable') }}::numeric(18, 4) as tax_amount,
    {%- set is_line = "event_type = 'invoice_line' and not is_reversal and carried_to >= 0" %}
    {%- if is_of_document %}
    count(distinct line_id) filter (where {{ is_line }}) as line_count,
    max(case when {{ is_line }} then 1 else 0 end) as invoice_count
    {%- else %}
    count(distinct (document_id, line_id)) filter (where {{ is_line }}) as line_count,
    count(distinct document_id) filter (where {{ is_line }}) as invoice_count
    {%- endif %}
{%- endmacro %}
