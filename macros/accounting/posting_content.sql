{#- The columns by which two postings of one key differ in what they say: a new version with the
    same of each was only written anew. -#}
{% macro posting_content() -%}
    {{ return([
        'invoice_id', 'department_id', 'practitioner_id', 'payer_id', 'patient_id', 'service_id',
        'product_id', 'debit_account', 'credit_account', 'debit_ledger_account',
        'credit_ledger_account', 'revenue_point_code', 'wallet_type', 'service_category',
        'patient_type', 'tax_code', 'payment_method', 'currency_code', 'amount', 'base_amount',
        'tax_rate',
    ]) }}
{%- endmacro %}
