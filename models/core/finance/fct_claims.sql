{# grain: one row per claim that was sent to a payer #}
with claims as (
    select * from {{ from_systems('claims') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

rounded_claims as (
    select
        clm.tenant_id,
        clm.claim_id,
        clm.invoice_id,
        coalesce(clm.payer_id, 0) as payer_id,
        clm.patient_id,
        clm.claim_number,
        clm.denial_reason,
        clm.status,
        clm.currency_code,
        round(clm.claimed_amount, cur.exponent)::numeric(18, 4) as claimed_amount,
        clm.decision_date is not null as is_decided,
        round(clm.approved_amount, cur.exponent)::numeric(18, 4) as approved_amount,
        round(clm.denied_amount, cur.exponent)::numeric(18, 4) as denied_amount,
        round(clm.paid_amount, cur.exponent)::numeric(18, 4) as paid_amount,
        clm.submission_date,
        clm.decision_date,
        clm.recorded_at
    from claims as clm
    inner join currencies as cur on clm.currency_code = cur.currency_code
    where {{ is_kept('clm') }} and clm.submission_date is not null
),

-- only a decision approves, denies or pays; one that denies and names no amount denies all
submitted_claims as (
    select
        tenant_id,
        claim_id,
        invoice_id,
        payer_id,
        patient_id,
        claim_number,
        denial_reason,
        status,
        currency_code,
        claimed_amount,
        case when is_decided then approved_amount else 0 end::numeric(18, 4)
            as approved_amount,
        case
            when not is_decided then 0
            when status = 'denied' and denied_amount = 0 then claimed_amount
            else denied_amount
        end::numeric(18, 4) as denied_amount,
        case when is_decided then paid_amount else 0 end::numeric(18, 4) as paid_amount,
        submission_date,
        decision_date,
        recorded_at
    from rounded_claims
)

select * from submitted_claims
