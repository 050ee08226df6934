{# grain: one row per write-off, contractual adjustment or recovery, in any state #}
with adjustments as (
    select * from {{ from_systems('adjustments') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

adjustment_categories as (
    select * from {{ ref('adjustment_categories') }}
),

judged_adjustments as (
    select
        adj.tenant_id,
        adj.adjustment_id,
        adj.invoice_id,
        adj.requested_by,
        adj.approved_by,
        adj.requester,
        adj.approver,
        adj.category,
        cat.category_name,
        cat.event_type,
        adj.share,
        adj.status,
        adj.currency_code,
        round(adj.amount, cur.exponent)::numeric(18, 4) as amount,
        adj.adjustment_date,
        adj.void_date as reversal_date,
        coalesce(adj.voided_at, adj.recorded_at) as recorded_at
    from adjustments as adj
    inner join currencies as cur on adj.currency_code = cur.currency_code
    inner join adjustment_categories as cat on adj.category = cat.category
    where {{ is_kept('adj') }}
)

select * from judged_adjustments
