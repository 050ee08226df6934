{#- The mapping that a node declares for an input, with each `@name` put in place. -#}
{% macro change_mapping(node, input) %}
    {%- set declared = node.config.meta.get('changes', {}) -%}
    {%- set entity = input.name.split('__', 1)[-1] -%}
    {%- if input.resource_type == 'source' -%}
        {%- set names = [input.source_name ~ '.' ~ input.name, input.name] -%}
    {%- else -%}
        {%- set names = [input.name, entity] -%}
    {%- endif -%}
    {%- for name in names if name in declared -%}
        {%- set mapping = namespace(sql=declared[name]) -%}
        {%- for token in modules.re.findall('@([a-z0-9_.]+)', mapping.sql) | unique -%}
            {%- set mapping.sql = modules.re.sub(
                '@' ~ modules.re.escape(token) ~ '(?![a-z0-9_.])',
                named_relation(node, input, token),
                mapping.sql
            ) -%}
        {%- endfor -%}
        {{ return(mapping.sql) }}
    {%- endfor -%}
    {{ return(none) }}
{% endmacro %}
