{#-
    The same select with each CTE that is read once in the place where it is read. PostgreSQL
    plans that sooner: for every level of queries its planner copies all that stands beneath,
    views included. A CTE that says whether it is materialized stays, as does one that is read
    twice.
-#}
{% macro flattened(sql) %}
    {%- set parts = separated_ctes(sql) -%}
    {%- set kept = [] -%}
    {%- for cte in parts[:-1] -%}
        {%- set name = '(?<![\\w."])' ~ modules.re.escape(cte.name) ~ '(?![\\w".])' -%}
        {%- set readers = [] -%}
        {%- for later in parts[loop.index:] -%}
            {%- for _ in modules.re.findall(name, later.sql) -%}
                {%- do readers.append(later) -%}
            {%- endfor -%}
        {%- endfor -%}
        {#- in a query with CTEs of its own a name could mean one of those -#}
        {%- set is_read_once = readers | length == 1 and not cte.how
            and not modules.re.search('(?:^|\\()\\s*with\\s', readers[0].sql) -%}
        {%- set place = modules.re.search(
            '\\b(from|join) ' ~ name ~ '(?: as (\\w+))?', readers[0].sql
        ) if is_read_once else none -%}
        {%- if not place -%}
            {%- do kept.append(cte.name ~ ' as' ~ (cte.how or '') ~ ' (' ~ cte.sql ~ ')') -%}
        {%- elif readers[0].sql == 'select * from ' ~ cte.name -%}
            {%- do readers[0].update({'sql': cte.sql}) -%}
        {%- else -%}
            {%- set imported = modules.re.match('select \\* from ([\\w."]+)$', cte.sql) -%}
            {%- do readers[0].update({
                'sql': readers[0].sql[:place.start()] ~ place.group(1) ~ ' '
                    ~ (imported.group(1) if imported else '(' ~ cte.sql ~ ')')
                    ~ ' as ' ~ (place.group(2) or cte.name)
                    ~ readers[0].sql[place.end():]
            }) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(('with ' ~ kept | join(',\n') ~ '\n' if kept else '') ~ parts[-1].sql) }}
{% endmacro %}
