{# grain: one row per tenant that ever had a policy, as it was set last #}
with policy_changes as (
    select * from {{ source('almoner', 'tenant_policies') }}
),

numbered_changes as (
    select
        tenant_id,
        minimum_patients,
        row_number() over (partition by tenant_id order by policy_id desc) as position
    from policy_changes
),

tenant_policies as (
    select
        tenant_id,
        minimum_patients
    from numbered_changes
    where position = 1
)

select * from tenant_policies
