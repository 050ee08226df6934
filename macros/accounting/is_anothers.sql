{#- SQL that tells whether the invoice of a part is owed by another than whose the money is: the
    payer of the payer's share, else the patient. -#}
{% macro is_anothers() -%}
    case share
        when 'payer' then (invoice_payer_id is distinct from holder_payer_id)
        else (invoice_patient_id is distinct from holder_patient_id)
    end
{%- endmacro %}
