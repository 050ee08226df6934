{#- Refuses a released model whose yml does not say what the engine goes by; an input that
    does not map to the scope is found here, not at the first change. -#}
{% macro released_check(node) %}
    {%- set meta = node.config.meta -%}
    {%- for setting in ('scope', 'unique_key') -%}
        {%- set columns = meta.get(setting, []) -%}
        {%- if not columns or columns[0] != 'tenant_id' -%}
            {%- do exceptions.raise_compiler_error(
                node.name ~ ": config.meta." ~ setting
                ~ " must list columns, the first of them tenant_id, got " ~ columns
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for name in released_key(node) -%}
        {%- set constraints = node.columns.get(name, {}).get('constraints', []) -%}
        {%- if 'not_null' not in constraints | map(attribute='type') -%}
            {%- do exceptions.raise_compiler_error(
                node.name ~ ": " ~ name ~ " is part of the key and must be a column with"
                ~ " constraints: [{type: not_null}]"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set feeds = {} -%}
    {%- for feed in released_feeds(node) -%}
        {%- do feeds.update({feed: false}) -%}
    {%- endfor -%}
    {%- do changed_scopes(node, {'since': 0, 'feeds': feeds}) -%}
{% endmacro %}
