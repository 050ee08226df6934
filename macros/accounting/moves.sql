{#- SQL that tells whether a posting moves one of the accounts; what stays within an account
    moves nothing. -#}
{% macro moves(accounts) -%}
debit_account <> credit_account
and (
    debit_account in ('{{ accounts | join("', '") }}')
    or credit_account in ('{{ accounts | join("', '") }}')
)
{%- endmacro %}
