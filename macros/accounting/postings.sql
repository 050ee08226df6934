{#- The postings of a CTE of money events, in the order of fct_postings: a
    negative amount with its accounts swapped, and for a voided document
    the same postings once more, swapped, on the day of the void (R2). Of the columns that
    only some events have, those not named in `known` are null. -#}
{% macro postings(events, known=[]) -%}
    {%- set optional = {
        'product_id': 'bigint', 'wallet_type': 'text', 'service_category': 'text',
        'patient_type': 'text', 'tax_code': 'text', 'tax_rate': 'numeric',
        'receipt_hour': 'smallint',
    } -%}
    {%- if known | reject('in', optional) | list -%}
        {%- do exceptions.raise_compiler_error(
            "postings: known must be of " ~ optional | join(', ') ~ ", got " ~ known | join(', ')
        ) -%}
    {%- endif -%}
    {%- set cell = {} -%}
    {%- for column, type in optional.items() -%}
        {%- do cell.update({
            column: 'eve.' ~ column if column in known else 'null::' ~ type ~ ' as ' ~ column
        }) -%}
    {%- endfor -%}
select
    eve.tenant_id,
    eve.document_type,
    eve.document_id,
    eve.line_id,
    eve.invoice_id,
    eve.department_id,
    eve.practitioner_id,
    eve.payer_id,
    eve.patient_id,
    eve.service_id,
    {{ cell.product_id }},
    eve.event_type,
    eve.share,
    case
        when (eve.amount < 0) = rev.is_reversal then eve.debit_account
        else eve.credit_account
    end as debit_account,
    case
        when (eve.amount < 0) = rev.is_reversal then eve.credit_account
        else eve.debit_account
    end as credit_account,
    null::text as debit_ledger_account,
    null::text as credit_ledger_account,
    eve.source_app,
    {{ cell.wallet_type }},
    {{ cell.service_category }},
    {{ cell.patient_type }},
    {{ cell.tax_code }},
    eve.payment_method,
    eve.attribution_method,
    eve.currency_code,
    abs(eve.amount)::numeric(18, 4) as amount,
    abs(eve.amount) * eve.base_rate as base_amount,
    {{ cell.tax_rate }},
    {{ cell.receipt_hour }},
    rev.is_reversal,
    case
        when rev.is_reversal then greatest(eve.void_date, eve.business_date)
        else eve.business_date
    end as business_date,
    case when rev.is_reversal then eve.voided_at else eve.recorded_at end as recorded_at
from {{ events }} as eve
inner join unnest(array[false, true]) as rev (is_reversal)
    on not rev.is_reversal or eve.void_date is not null
where eve.amount <> 0
{%- endmacro %}
