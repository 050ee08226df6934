{#- A whole model is joined in bulk, with the planner's own choices and more memory. -#}
{% macro released_whole_model() %}
    set local enable_hashjoin = on;
    set local enable_mergejoin = on;
    set local enable_seqscan = on;
    set local from_collapse_limit = default;
    set local join_collapse_limit = default;
    select set_config(
        'work_mem', (4 * pg_size_bytes(current_setting('work_mem')) / 1024)::text, true
    );
{% endmacro %}
