{# grain: one row per claim, drafts included #}
with claims as (
    select * from {{ source('hms', 'insurance_claims') }}
),

tenants as (
    select * from {{ ref('stg_hms__tenants') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

invoices as (
    select * from {{ source('hms', 'invoices') }}
),

dated_claims as (
    select
        clm.*,
        clm.status <> 'draft' as is_submitted,
        clm.status in ('approved', 'partially_approved', 'denied', 'paid')
            as is_decided,
        to_jsonb(clm.*) - 'landed_in' as raw_row
    from claims as clm
),

judged_claims as (
    select
        clm.*,
        {{ business_date('clm.submitted_at', 'ten') }} as submission_date,
        {{ business_date('clm.decided_at', 'ten') }} as decision_date,
        case
            when ten.tenant_id is null then 'claim without its tenant'
            when ten.reject_reason is not null then ten.reject_reason
            when clm.currency_code is null then 'claim without a currency'
            when cur.currency_code is null then 'unknown currency ' || clm.currency_code
            when clm.status is null then 'claim without a status'
            when not (clm.is_decided or clm.status in ('draft', 'submitted'))
                then 'unknown status ' || clm.status
            when
                (
                    clm.claimed_amount >= 0
                    and {{ is_bounded('clm.claimed_amount') }}
                ) is not true
                then 'claim without a valid amount'
            when
                not (
                    coalesce(clm.approved_amount, 0) >= 0
                    and {{ is_bounded('coalesce(clm.approved_amount, 0)') }}
                    and coalesce(clm.denied_amount, 0) >= 0
                    and {{ is_bounded('coalesce(clm.denied_amount, 0)') }}
                    and coalesce(clm.paid_amount, 0) >= 0
                    and {{ is_bounded('coalesce(clm.paid_amount, 0)') }}
                )
                then 'claim without a valid decision amount'
            when clm.is_submitted and not {{ is_dated('clm.submitted_at') }}
                then 'submitted claim without its date'
            when clm.is_decided and not {{ is_dated('clm.decided_at') }}
                then 'decided claim without its date'
            when clm.invoice_id is not null and inv.id is null
                then 'claim without its invoice'
        end as reject_reason
    from dated_claims as clm
    left join tenants as ten on clm.tenant_id = ten.tenant_id
    left join currencies as cur on clm.currency_code = cur.currency_code
    left join invoices as inv
        on clm.tenant_id = inv.tenant_id and clm.invoice_id = inv.id
),

renamed_claims as (
    select
        tenant_id,
        id as claim_id,
        invoice_id,
        payer_id,
        patient_id,
        number as claim_number,
        denial_reason,
        currency_code,
        claimed_amount,
        coalesce(approved_amount, 0) as approved_amount,
        coalesce(denied_amount, 0) as denied_amount,
        coalesce(paid_amount, 0) as paid_amount,
        status,
        case when is_submitted then submission_date end as submission_date,
        case when is_decided then decision_date end as decision_date,
        updated_at as recorded_at,
        reject_reason,
        case when reject_reason is not null then raw_row end as rejected_row
    from judged_claims
)

select * from renamed_claims
