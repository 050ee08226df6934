-- how many rows of each tenant an audit found, and the first of them
with failing as (
    select to_jsonb(found) as row_data
    from ({audit}) as found
),

placed as (
    select
        fai.row_data ->> 'tenant_id' as tenant_id,
        fai.row_data,
        row_number() over (
            partition by fai.row_data ->> 'tenant_id' order by fai.row_data::text
        ) as place
    from failing as fai
)

select
    pla.tenant_id,
    count(*) as rows_failed,
    jsonb_agg(pla.row_data order by pla.place) filter (where pla.place <= 20) as sample
from placed as pla
group by pla.tenant_id
order by pla.tenant_id nulls first
