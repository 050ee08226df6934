{# grain: one row per posted move that cannot post #}
with moves as (
    select * from {{ source('gnuhealth', 'account_move') }}
),

move_lines as (
    select * from {{ source('gnuhealth', 'account_move_line') }}
),

accounts as (
    select * from {{ source('gnuhealth', 'account_account') }}
),

unbalanced_moves as (
    select
        mov.tenant_id,
        mov.id as move_id,
        case
            when count(*) <> count(acc.id) then 'move line without its account'
            else 'move out of balance'
        end as reject_reason,
        mov.date as move_date,
        greatest(mov.create_date, mov.write_date) at time zone 'UTC' as recorded_at,
        to_jsonb(mov.*) as rejected_row
    from moves as mov
    inner join move_lines as lin
        on mov.source_id = lin.source_id and mov.id = lin.move
    left join accounts as acc
        on mov.tenant_id = acc.tenant_id and lin.account = acc.id
    where mov.state = 'posted'
    group by
        mov.tenant_id, mov.id, mov.date, mov.create_date, mov.write_date, to_jsonb(mov.*)
    having sum(lin.debit - lin.credit) <> 0 or count(*) <> count(acc.id)
)

select * from unbalanced_moves
