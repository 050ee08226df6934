{#- The dimensions of a posting as columns: those of its invoice where the condition holds, else
    none (R1); an event that waits for its invoice has none. -#}
{% macro invoice_dimensions(condition) -%}
    case when {{ condition }} then invoice_department_id end as department_id,
    case when {{ condition }} then invoice_practitioner_id end as practitioner_id,
    case when {{ condition }} then invoice_source_app end as source_app,
    case
        when {{ condition }} and invoice_department_id is not null then 'invoice'
        else 'unattributed'
    end as attribution_method
{%- endmacro %}
