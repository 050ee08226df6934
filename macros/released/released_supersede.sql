{#- What differs: retired, inserted and fed onward, in two sessions where computing was. -#}
{% macro released_supersede(node, plan) %}
    {%- if plan.is_shared -%}
        {%- do released_share(
            plan.settings, released_differences(node, plan, ''), released_differences(node, plan, 'not')
        ) -%}
    {%- else -%}
        {%- do released_run(released_differences(node, plan)) -%}
    {%- endif -%}
{% endmacro %}
