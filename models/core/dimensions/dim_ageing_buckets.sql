{# grain: one row per tenant and ageing bucket #}
with tenants as (
    select * from {{ ref('dim_tenants') }}
),

ageing_buckets as (
    select * from {{ ref('ageing_buckets') }}
),

tenant_buckets as (
    select
        ten.tenant_id,
        buc.bucket_number,
        buc.bucket_code,
        buc.bucket_label,
        buc.days_from,
        buc.days_to
    from tenants as ten
    cross join ageing_buckets as buc
)

select * from tenant_buckets
