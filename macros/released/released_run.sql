{#- Runs a statement inside the model's transaction and gives its rows. -#}
{% macro released_run(sql) %}
    {%- if sql | trim -%}
        {%- call statement('released_run', fetch_result=True, auto_begin=True) -%}
            {{ sql }}
        {%- endcall -%}
        {{ return(load_result('released_run').table) }}
    {%- endif -%}
{% endmacro %}
