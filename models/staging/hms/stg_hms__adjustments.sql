{# grain: one row per write-off, contractual adjustment or recovery, in any state #}
with write_offs as (
    select * from {{ source('hms', 'write_offs') }}
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

judged_write_offs as (
    select
        wof.*,
        {{ base_rate('wof', 'ten') }} as base_rate,
        {{ business_date('coalesce(wof.decided_at, wof.requested_at)', 'ten') }}
            as adjustment_date,
        {{ business_date('wof.reversed_at', 'ten') }} as reversal_date,
        case
            when ten.tenant_id is null then 'write-off without its tenant'
            when ten.reject_reason is not null then ten.reject_reason
            when wof.currency_code is null then 'write-off without a currency'
            when cur.currency_code is null then 'unknown currency ' || wof.currency_code
            when wof.status is null then 'write-off without a status'
            when wof.status not in ('pending', 'approved', 'rejected', 'cancelled')
                then 'unknown status ' || wof.status
            when
                coalesce(wof.category, '') not in (
                    'bad_debt',
                    'charity_care',
                    'contractual_adjustment',
                    'administrative_error',
                    'uncollectible',
                    'deceased_patient',
                    'small_balance',
                    'other',
                    'recovery'
                )
                then 'write-off without a known category'
            when wof.share not in ('patient', 'payer')
                then 'write-off without a valid share'
            when (wof.amount > 0 and {{ is_bounded('wof.amount') }}) is not true
                then 'write-off without a valid amount'
            when
                (
                    {{ base_rate('wof', 'ten') }} > 0
                    and {{ is_bounded(base_rate('wof', 'ten'), 10) }}
                ) is not true
                then 'write-off without a valid exchange rate'
            when
                not {{ is_bounded('wof.amount * greatest(wof.exchange_rate, 1)') }}
                then 'write-off without a valid amount at its rate'
            when
                wof.status = 'approved'
                and not {{ is_dated('wof.decided_at') }}
                then 'approved write-off without its date'
            when
                wof.status = 'approved'
                and wof.reversed_at is not null
                and not {{ is_dated('wof.reversed_at') }}
                then 'reversed write-off without its date'
            -- V3: approver and requester are two people
            when wof.status = 'approved' and wof.approved_by is null
                then 'approved write-off without its approver'
            when wof.status = 'approved' and wof.approved_by = wof.requested_by
                then 'write-off approved by its requester'
            when inv.id is null then 'write-off without its invoice'
        end as reject_reason,
        to_jsonb(wof.*) - 'landed_in' as raw_row
    from write_offs as wof
    left join tenants as ten on wof.tenant_id = ten.tenant_id
    left join currencies as cur on wof.currency_code = cur.currency_code
    left join invoices as inv
        on wof.tenant_id = inv.tenant_id and wof.invoice_id = inv.id
),

adjustments as (
    select
        tenant_id,
        id as adjustment_id,
        invoice_id,
        category,
        coalesce(share, 'patient') as share,
        currency_code,
        base_rate,
        amount,
        status,
        requested_by,
        approved_by,
        null::text as requester,
        null::text as approver,
        adjustment_date,
        case when status = 'approved' then reversal_date end as void_date,
        updated_at as recorded_at,
        updated_at as voided_at,
        reject_reason,
        case when reject_reason is not null then raw_row end as rejected_row
    from judged_write_offs
)

select * from adjustments
