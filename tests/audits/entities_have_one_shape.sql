{# a canonical entity has the same columns, in the same order and of the same types, in every
   system: `from_systems` unites them by position #}
with entity_views (entity, view_name) as (
    values
    {% for system, entities in var('systems').items() %}
    {%- set outer = loop %}
    {%- for entity in entities %}
    {%- set view = ref('stg_' ~ system ~ '__' ~ entity) %}
    ('{{ entity }}', '{{ view.identifier }}')
    {%- if not (outer.last and loop.last) %},{% endif %}
    {%- endfor %}
    {%- endfor %}
),

view_columns as (
    select
        ent.entity,
        ent.view_name,
        string_agg(
            att.attname || ' ' || format_type(att.atttypid, null), ', '
            order by att.attnum
        ) as column_list
    from entity_views as ent
    inner join pg_catalog.pg_class as cls on ent.view_name = cls.relname
    inner join pg_catalog.pg_attribute as att on cls.oid = att.attrelid
    where cls.relnamespace = 'staging'::regnamespace and att.attnum > 0
    group by ent.entity, ent.view_name
),

compared_views as (
    select
        entity,
        view_name,
        column_list,
        first_value(column_list) over (partition by entity order by view_name)
            as expected_list
    from view_columns
)

select * from compared_views
where column_list <> expected_list
