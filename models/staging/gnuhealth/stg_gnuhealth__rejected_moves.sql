{# grain: one row per posted move that cannot post #}
with moves as (
    select * from {{ source('gnuhealth', 'account_move') }}
),

raw_moves as (
    select * from {{ source('gnuhealth', 'account_move') }}
),

move_lines as (
    select * from {{ source('gnuhealth', 'account_move_line') }}
),

accounts as (
    select * from {{ source('gnuhealth', 'account_account') }}
),

tenants as (
    select * from {{ ref('stg_gnuhealth__tenants') }}
),

move_balances as (
    select
        mov.tenant_id,
        mov.id as move_id,
        count(*) - count(acc.id) as lost_line_count,
        sum(lin.debit - lin.credit) as residual
    from moves as mov
    inner join move_lines as lin
        on mov.source_id = lin.source_id and mov.id = lin.move
    left join accounts as acc
        on mov.tenant_id = acc.tenant_id and lin.account = acc.id
    where mov.state = 'posted'
    group by mov.tenant_id, mov.id
),

rejected_moves as (
    select
        bal.tenant_id,
        bal.move_id,
        case
            when ten.tenant_id is null then 'move without its tenant'
            when ten.reject_reason is not null then ten.reject_reason
            when bal.lost_line_count > 0 then 'move line without its account'
            else 'move out of balance'
        end as reject_reason,
        to_jsonb(mov.*) - 'landed_in' as rejected_row,
        mov.date as move_date,
        greatest(mov.create_date, mov.write_date) at time zone 'UTC' as recorded_at
    from move_balances as bal
    inner join raw_moves as mov
        on bal.tenant_id = mov.tenant_id and bal.move_id = mov.id
    left join tenants as ten on bal.tenant_id = ten.tenant_id
    where
        bal.lost_line_count > 0
        or bal.residual <> 0
        or ten.tenant_id is null
        or ten.reject_reason is not null
)

select * from rejected_moves
