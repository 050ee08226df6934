{# grain: one row per write-off that was asked for in Almoner, in any state #}
with landed_write_offs as (
    select * from {{ source('almoner', 'landed_write_offs') }}
),

adjustments as (
    select
        tenant_id,
        adjustment_id,
        invoice_id,
        category,
        share,
        currency_code,
        base_rate,
        amount,
        status,
        null::bigint as requested_by,
        null::bigint as approved_by,
        requester,
        approver,
        adjustment_date,
        reversal_date as void_date,
        recorded_at,
        reversed_at as voided_at,
        null::text as reject_reason,
        null::jsonb as rejected_row
    from landed_write_offs
)

select * from adjustments
