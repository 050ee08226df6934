{#- The instant of a snapshot is that of its release, not of the clock: it closes the versions of
    rows that the source deleted. -#}
{% macro postgres__snapshot_get_time() -%}
    (
        select rel.finished_at
        from almoner.releases as rel
        where rel.release_id = current_setting('almoner.release')::int
    )
{%- endmacro %}
