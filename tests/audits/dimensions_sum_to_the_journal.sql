{# V10: over every dimension, what is unknown included, revenue is the journal's; money by
   method as well #}
with tenants as (
    select * from {{ in_turn('reporting_periods') }}
),

doctors as (
    select * from {{ ref('revenue_by_doctor') }}
),

payers as (
    select * from {{ ref('revenue_by_payer') }}
),

services as (
    select * from {{ ref('revenue_by_service') }}
),

patient_types as (
    select * from {{ ref('revenue_by_patient_type') }}
),

methods as (
    select * from {{ ref('collections_by_method') }}
),

revenue_point_days as (
    select * from {{ ref('revenue_point_daily') }}
),

dimensions (dimension) as (
    values ('doctor'), ('payer'), ('service'), ('patient_type'), ('method')
),

measures as (
    select
        'doctor' as dimension,
        tenant_id,
        currency_code,
        net_revenue_amount as amount,
        tax_amount as other_amount,
        business_date
    from doctors
    union all
    select
        'payer' as dimension,
        tenant_id,
        currency_code,
        net_revenue_amount as amount,
        tax_amount as other_amount,
        business_date
    from payers
    union all
    select
        'service' as dimension,
        tenant_id,
        currency_code,
        net_revenue_amount as amount,
        tax_amount as other_amount,
        business_date
    from services
    union all
    select
        'patient_type' as dimension,
        tenant_id,
        currency_code,
        net_revenue_amount as amount,
        tax_amount as other_amount,
        business_date
    from patient_types
    union all
    select
        'method' as dimension,
        tenant_id,
        currency_code,
        cash_received_amount - cash_paid_out_amount + other_cash_amount as amount,
        collection_amount - refund_amount as other_amount,
        business_date
    from methods
    union all
    select
        dim.dimension,
        poi.tenant_id,
        poi.currency_code,
        case dim.dimension
            when 'method'
                then
                    poi.cash_paid_out_amount
                    - poi.cash_received_amount
                    - poi.other_cash_amount
            else -poi.net_revenue_amount
        end as amount,
        case dim.dimension
            when 'method' then poi.refund_amount - poi.collection_amount
            else -poi.tax_amount
        end as other_amount,
        poi.business_date
    from revenue_point_days as poi
    cross join dimensions as dim
),

differing_days as (
    select
        mea.tenant_id,
        mea.dimension,
        mea.currency_code,
        mea.business_date,
        sum(mea.amount) as difference,
        sum(mea.other_amount) as other_difference
    from tenants as ten
    inner join measures as mea on ten.tenant_id = mea.tenant_id
    group by mea.tenant_id, mea.dimension, mea.currency_code, mea.business_date
    having sum(mea.amount) <> 0 or sum(mea.other_amount) <> 0
)

select * from differing_days
