{#-
    SQL that gives the scopes of a node that changed since a release: the changes of each
    of its inputs, mapped by the node's `changes` (models/README.md). Views between pass
    changes on, each computed once, however many read it; inputs whose feed is empty are
    left out. Empty if nothing changed.
-#}
{% macro changed_scopes(node, plan) %}
    {%- set steps = {} -%}
    {%- set scopes = collect_changes(node, plan, steps) -%}
    {%- if not scopes -%}
        {{ return('') }}
    {%- endif -%}
    {%- set expressions = [] -%}
    {%- for name, step in steps.items() if step -%}
        {%- do expressions.append(adapter.quote(name) ~ ' as (' ~ step.sql ~ ')') -%}
    {%- endfor -%}
    {{ return(
        'with ' ~ expressions | join(',\n') ~ '\nselect ' ~ released_list(scopes.columns)
        ~ ' from ' ~ adapter.quote(scopes.name)
    ) }}
{% endmacro %}
