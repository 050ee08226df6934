{#- Adds to `steps` the expressions that a node's changed scopes are computed by, its inputs'
    before its own, and gives the node's: its name, columns and SQL; none if nothing changed. -#}
{% macro collect_changes(node, plan, steps) %}
    {%- set scope = node.config.meta.get('scope') -%}
    {%- if not scope -%}
        {%- do exceptions.raise_compiler_error(
            "changed_scopes: " ~ node.name ~ " must name its scope under config.meta"
        ) -%}
    {%- endif -%}
    {%- set branches = [] -%}
    {%- for input in released_inputs(node) -%}
        {%- set changes = input_changes(input, plan, steps) -%}
        {%- if changes -%}
            {%- set mapping = change_mapping(node, input) -%}
            {%- if not mapping -%}
                {%- for column in scope if column not in changes.columns -%}
                    {%- do exceptions.raise_compiler_error(
                        "changed_scopes: " ~ node.name ~ " must say under config.meta.changes"
                        ~ " how " ~ input.name ~ " maps to " ~ scope | join(', ')
                    ) -%}
                {%- endfor -%}
            {%- endif -%}
            {%- do branches.append(
                "select distinct " ~ released_list(scope) ~ " from ("
                ~ from_changes(
                    adapter.quote(changes.name),
                    mapping or "select " ~ released_list(scope) ~ " from changes"
                )
                ~ ") as mapped (" ~ released_list(scope) ~ ")"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set step = {
        'name': 'changed ' ~ node.name,
        'columns': scope,
        'sql': branches | join("\nunion\n"),
    } if branches else none -%}
    {%- do steps.update({'changed ' ~ node.name: step}) -%}
    {{ return(step) }}
{% endmacro %}
