{#- SQL for the other share of an invoice than a column has. -#}
{% macro other_share(share) -%}
    case {{ share }} when 'payer' then 'patient' else 'payer' end
{%- endmacro %}
