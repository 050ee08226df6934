{#-
    What an audit must look at: all `history` in `almoner audit`; in a build the `whole` model
    after a full recompute (of one of the models that are named, else of any), the `changes`
    after an incremental one, `nothing` when none was touched.
-#}
{% macro audit_mode(models=none) %}
    {%- set planned = open_plan() -%}
    {%- if not planned -%}
        {{ return('history') }}
    {%- endif -%}
    {%- set modes = [] -%}
    {%- for row in planned if models is none or row['model'] in models -%}
        {%- do modes.append(row['mode']) -%}
    {%- endfor -%}
    {{ return('whole' if 'full' in modes else 'changes' if modes else 'nothing') }}
{% endmacro %}
