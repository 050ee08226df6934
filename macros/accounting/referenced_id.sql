{#- SQL for the id that one of Tryton's references names, where it is of that model: text such as
    'account.invoice.line,7'. Somebody who picked a model and no record left 'account.invoice.line,'
    or an id of -1. -#}
{% macro referenced_id(reference, model) -%}
case
    when {{ reference }} ~ '^{{ model | replace(".", "[.]") }},[0-9]{1,18}$'
        then split_part({{ reference }}, ',', 2)::bigint
end
{%- endmacro %}
