{#- The CTEs of a select in their order, each with its name, what it says of being
    materialized, and its SQL; last the query upon them, with SQL alone. Without comments. -#}
{% macro separated_ctes(sql) %}
    {%- set quoted = "'[^']*'|\"[^\"]*\"" -%}
    {%- set text = modules.re.sub(
        '(?s)(' ~ quoted ~ ')|--[^\\n]*|/\\*.*?\\*/', '\\1', sql
    ) | trim -%}
    {#- what stands between parentheses, with others in it -#}
    {%- set nested = ("(?>[^()'\"]+|" ~ quoted ~ '|\\(') * 30 ~ '\\))*' * 30 -%}
    {%- set pattern = '(?:^with|,)\\s+(\\w+|"[^"]+") as( (?:not )?materialized)? \\(('
        ~ nested ~ ')\\)\\s*' -%}
    {%- set parts = [] -%}
    {%- set place = namespace(end=0) -%}
    {%- for cte in modules.re.finditer(pattern, text) if cte.start() == place.end -%}
        {%- do parts.append(
            {'name': cte.group(1), 'how': cte.group(2), 'sql': cte.group(3) | trim}
        ) -%}
        {%- set place.end = cte.end() -%}
    {%- endfor -%}
    {#- a CTE with a list of columns: all is left as it is -#}
    {%- if text[place.end:].startswith(',') -%}
        {{ return([{'sql': text}]) }}
    {%- endif -%}
    {{ return(parts + [{'sql': text[place.end:]}]) }}
{% endmacro %}
