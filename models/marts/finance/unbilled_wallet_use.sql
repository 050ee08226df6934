{# grain: one row per wallet use without an invoice #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

uses as (
    select
        *,
        -- what a closed period withdraws is less of it
        case when carried_to < 0 then -amount else amount end as moved_amount,
        case when carried_to < 0 then -base_amount else base_amount end
            as moved_base_amount,
        {{ is_void() }} as is_void
    from postings
    where
        document_type = 'wallet_transaction'
        and event_type = 'unbilled_wallet_use'
),

-- V6: with the day on which it was taken back, if it was
unbilled_uses as (
    select
        tenant_id,
        document_id as wallet_transaction_id,
        patient_id,
        wallet_type,
        revenue_point_code,
        currency_code,
        sum(moved_amount) filter (where not is_void)::numeric(18, 4) as amount,
        sum(moved_base_amount) filter (where not is_void)::numeric(18, 4)
            as base_amount,
        coalesce(sum(moved_amount) filter (where is_void), 0) <> 0 as is_reversed,
        min(business_date) filter (where not is_void) as business_date,
        case
            when coalesce(sum(moved_amount) filter (where is_void), 0) <> 0
                then max(business_date) filter (where is_void)
        end as reversal_date,
        max(recorded_at) as recorded_at
    from uses
    group by
        tenant_id,
        document_id,
        patient_id,
        wallet_type,
        revenue_point_code,
        currency_code
    having sum(moved_amount) filter (where not is_void) <> 0
)

select * from unbilled_uses
