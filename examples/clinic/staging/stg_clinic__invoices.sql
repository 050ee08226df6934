{# grain: one row per bill, drafts included #}
with bills as (
    select * from {{ source('clinic', 'bills') }}
),

tenants as (
    select * from {{ ref('stg_clinic__tenants') }}
),

judged_bills as (
    select
        bil.*,
        ten.currency_code,
        {{ business_hour('bil.issued', 'ten') }} as invoice_hour,
        {{ business_date('bil.issued', 'ten') }} as invoice_date,
        case
            when ten.reject_reason is not null then ten.reject_reason
            when bil.state not in ('draft', 'issued')
                then 'unknown status ' || bil.state
            when bil.state = 'issued' and bil.issued is null
                then 'issued invoice without its date'
        end as reject_reason,
        to_jsonb(bil.*) - 'landed_in' as raw_row
    from bills as bil
    inner join tenants as ten on bil.tenant_id = ten.tenant_id
),

invoices as (
    select
        tenant_id,
        id as invoice_id,
        null::bigint as patient_id,
        null::bigint as payer_id,
        null::bigint as department_id,
        null::bigint as practitioner_id,
        number as invoice_number,
        null::text as source_app,
        currency_code,
        1::numeric as base_rate,
        null::numeric as total_amount,
        null::numeric as tax_amount,
        state = 'issued' as is_posted,
        invoice_hour,
        invoice_date,
        due as due_date,
        null::date as void_date,
        changed as recorded_at,
        reject_reason,
        case when reject_reason is not null then raw_row end as rejected_row
    from judged_bills
)

select * from invoices
