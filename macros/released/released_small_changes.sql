{#- With few scopes every join goes by index, in the order written: the planner else scans all
    partitions, and takes longer to think than to compute. -#}
{% macro released_small_changes() %}
    set local enable_hashjoin = off;
    set local enable_mergejoin = off;
    set local enable_seqscan = off;
    set local from_collapse_limit = 1;
    set local join_collapse_limit = 1;
{% endmacro %}
