{# every row of a source, database or file, landed or is set aside: what was counted when it was
   read is what is there. No tenant can be held for it. Raw tables are counted in
   `almoner audit` only. #}
-- depends_on: {{ ref('fct_quarantined_rows') }}
with counted_rows as (
    select
        source_id,
        table_name,
        row_count
    from almoner.watermarks
),

landed_rows as (
    select * from {{ landed_counts() }}
),

counted_asides as (
    select
        source_id,
        sum(aside_count) as aside_count
    from almoner.watermarks
    group by source_id
),

quarantined_rows as (
    select
        source_id,
        count(*) as aside_count
    from quarantine.rows
    group by source_id
),

differing_tables as (
    select
        null::text as tenant_id,
        lan.source_id,
        lan.table_name,
        cou.row_count as counted,
        lan.row_count as found
    from landed_rows as lan
    left join counted_rows as cou
        on lan.source_id = cou.source_id and lan.table_name = cou.table_name
    where lan.row_count is distinct from cou.row_count
    union all
    select
        null::text as tenant_id,
        cou.source_id,
        'quarantine' as table_name,
        cou.aside_count as counted,
        qua.aside_count as found
    from counted_asides as cou
    left join quarantined_rows as qua on cou.source_id = qua.source_id
    where cou.aside_count <> coalesce(qua.aside_count, 0)
)

select * from differing_tables
