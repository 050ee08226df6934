{#-
    Notes the build, and fails it if a key has two current rows in what was computed anew: a
    unique index sees the rows of one release only. After a first fill it has seen them all.
-#}
{% macro released_close(node, plan) %}
    {%- set log = released_log(node, plan) -%}
    {%- if plan.is_first_fill -%}
        {%- do released_run(log) -%}
    {%- else -%}
        {%- call statement('main', fetch_result=True) -%}
            {{ log }}
            {{ released_twice(node, plan) }}
        {%- endcall -%}
        {%- set twice = load_result('main').table.rows[0][0] -%}
        {%- if twice is not none -%}
            {%- do exceptions.raise_compiler_error(
                node.name ~ " has more than one current row of "
                ~ released_key(node) | join(', ') ~ ": " ~ twice
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
