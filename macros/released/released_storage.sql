{#- How a released table is stored: with room on each page for rows that are retired in place,
    and vacuumed once a fiftieth of it is dead, so that room is used again. -#}
{% macro released_storage() %}
    {{ return(
        'fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02,'
        ~ ' autovacuum_vacuum_threshold = 1000, autovacuum_analyze_scale_factor = 0.02,'
        ~ ' autovacuum_analyze_threshold = 1000'
    ) }}
{% endmacro %}
