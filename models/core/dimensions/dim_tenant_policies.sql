{# grain: one row per tenant with a policy #}
with tenant_policies as (
    select * from {{ ref('stg_almoner__tenant_policies') }}
),

policies_in_force as (
    select
        tenant_id,
        minimum_patients
    from tenant_policies
    where minimum_patients is not null
)

select * from policies_in_force
