{#- SQL that tells whether a posting is of a void: a reversal, or what was withdrawn of one
    (`with_closed_periods`). -#}
{% macro is_void(postings=none) -%}
    {%- set prefix = postings ~ '.' if postings else '' -%}
    ({{ prefix }}is_reversal <> ({{ prefix }}carried_to < 0))
{%- endmacro %}
