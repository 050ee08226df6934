{#-
    Opens the last version of each row that came back as it was: that a snapshot was taken while
    it was away is no change of the source's. dbt would add the same version again.
-#}
{% macro reopen_versions() %}
    {%- set key = model.config.unique_key -%}
    {%- if execute and load_relation(this) -%}
        update {{ this }} as ver
        set recorded_to = null
        from ({{ model.compiled_code }}) as src
        where
            {{ released_same(key + [model.config.updated_at], 'ver', 'src') }}
            and ver.recorded_to is not null
            and not exists (
                select from {{ this }} as oth
                where {{ released_same(key, 'oth', 'ver') }} and oth.recorded_to is null
            )
    {%- endif -%}
{% endmacro %}
