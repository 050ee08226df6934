{#- Whether some tenant has closed a month under the policy `carry-forward` (T2). -#}
{% macro has_carried_periods() -%}
    {%- if not execute -%}
        {{ return(false) }}
    {%- endif -%}
    {{ return(released_run(
        "select exists (select from almoner.closed_periods where late_changes = 'carry-forward')"
    ).rows[0][0]) }}
{%- endmacro %}
