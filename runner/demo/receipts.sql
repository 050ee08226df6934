-- Who pays what of the new bills, when and how; planned first, so that invoices know
-- their state.

create unlogged table demo.parts as
select
    bil.id as invoice_id,
    bil.hospital_id,
    bil.bill_key,
    bil.billed_at,
    num.number,
    bil.billed_on + 30 * num.number as due_date,
    case
        when num.number < 3 then round(tot.patient_share / 3, bil.exponent)
        else tot.patient_share - 2 * round(tot.patient_share / 3, bil.exponent)
    end as amount
from demo.bills as bil
inner join demo.totals as tot on tot.invoice_id = bil.id
cross join generate_series(1, 3) as num (number)
where bil.outcome = 'instalments' and bil.is_issued;

-- The behaviour of each payer towards each bill.
create unlogged table demo.payer_replies as
select
    bil.id as invoice_id,
    bil.hospital_id,
    bil.patient_id,
    bil.payer_id,
    bil.currency_code,
    bil.exchange_rate,
    bil.exponent,
    bil.bill_key,
    bil.billed_at,
    bil.until,
    tot.payer_share,
    rep.reply,
    case rep.reply
        when 'full' then tot.payer_share
        when 'late' then tot.payer_share
        when 'short' then round(tot.payer_share * 0.85, bil.exponent)
        else 0
    end as paid_amount,
    case
        -- two of the five payers remit once a week
        when bil.payer_id % 5 in (1, 2)
            then date_trunc('week', tim.pays_at at time zone 'UTC') at time zone 'UTC'
                + interval '11 days 14 hours'
        else tim.pays_at
    end as pays_at,
    bil.payer_id % 5 in (1, 2) as is_remittance
from demo.bills as bil
inner join demo.totals as tot on tot.invoice_id = bil.id
cross join
    lateral (
        select
            case
                when demo.roll(bil.bill_key, 110) < 0.78 then 'full'
                when demo.roll(bil.bill_key, 110) < 0.88 then 'short'
                when demo.roll(bil.bill_key, 110) < 0.93 then 'denied'
                else 'late'
            end as reply
    ) as rep
cross join
    lateral (
        select
            bil.billed_at + case rep.reply
                when 'late' then demo.hours(bil.bill_key, 111, 80 * 24, 150 * 24)
                else demo.hours(bil.bill_key, 111, 15 * 24, 70 * 24)
            end as pays_at
    ) as tim
where tot.payer_share > 0 and bil.is_issued and bil.outcome <> 'void';

create unlogged table demo.receipts as
with planned as (
    -- the first and, for a partial payer, the second payment of the patient
    select
        bil.id as invoice_id,
        pln.sequence,
        null::bigint as payer_id,
        pln.amount,
        pln.applied_amount,
        pln.paid_at,
        pln.via,
        bil.bill_key * 128 + pln.sequence as key
    from demo.bills as bil
    inner join demo.totals as tot on tot.invoice_id = bil.id
    cross join
        lateral (
            values
            (
                1,
                case bil.outcome
                    when 'partial' then round(tot.patient_share / 2, bil.exponent)
                    when 'overpaid' then round(tot.patient_share * 1.1, bil.exponent)
                    when 'on_account' then round(tot.patient_share * 1.25, bil.exponent)
                    else tot.patient_share
                end,
                case bil.outcome
                    when
                        'partial'
                        then round(tot.patient_share / 2, bil.exponent)
                    else tot.patient_share
                end,
                bil.billed_at + case bil.outcome
                    when 'late' then demo.hours(bil.bill_key, 101, 5 * 24, 95 * 24)
                    when 'on_account' then demo.hours(bil.bill_key, 101, -96, -1)
                    else demo.hours(bil.bill_key, 101, 0.05, 0.7)
                end,
                case
                    when
                        bil.outcome = 'wallet' and demo.roll(bil.bill_key, 102) < 0.14
                        then 'wallet_only'
                    when bil.outcome in ('wallet', 'on_account') then bil.outcome
                    else 'direct'
                end
            ),
            (
                2,
                tot.patient_share - round(tot.patient_share / 2, bil.exponent),
                tot.patient_share - round(tot.patient_share / 2, bil.exponent),
                bil.billed_at + demo.hours(bil.bill_key, 103, 3 * 24, 60 * 24),
                'direct'
            )
        ) as pln (sequence, amount, applied_amount, paid_at, via)
    where
        bil.is_issued
        and case pln.sequence
            when 1
                then
                    bil.outcome in (
                        'at_once', 'wallet', 'partial', 'overpaid', 'on_account'
                    )
                    or (bil.outcome = 'late' and demo.roll(bil.bill_key, 104) < 0.88)
                    or (bil.outcome = 'void' and demo.roll(bil.bill_key, 104) < 0.3)
            else bil.outcome = 'partial' and demo.roll(bil.bill_key, 104) < 0.8
        end
    union all
    select
        prt.invoice_id,
        10 + prt.number,
        null,
        prt.amount,
        prt.amount,
        prt.billed_at
        + make_interval(days => 30 * prt.number)
        + demo.hours(prt.bill_key * 4 + prt.number, 105, -72, 300),
        'direct',
        prt.bill_key * 128 + 10 + prt.number
    from demo.parts as prt
    where demo.roll(prt.bill_key * 4 + prt.number, 106) < 0.85
    union all
    select
        rep.invoice_id,
        20,
        rep.payer_id,
        rep.paid_amount,
        rep.paid_amount,
        rep.pays_at,
        case when rep.is_remittance then 'remittance' else 'direct' end,
        rep.bill_key * 128 + 20
    from demo.payer_replies as rep
),

happened as (
    select
        pln.*,
        bil.hospital_id,
        bil.patient_id,
        bil.kind,
        bil.currency_code,
        bil.exchange_rate,
        bil.billed_at,
        bil.until,
        case
            when bil.outcome = 'void' and bil.voids_at < bil.until then bil.voids_at
            when pln.via = 'direct'
                and pln.payer_id is null
                and demo.roll(pln.key, 107) < 0.006
                then pln.paid_at + demo.hours(pln.key, 108, 0.2, 60)
        end as voids_at,
        bil.outcome
    from planned as pln
    inner join demo.bills as bil on bil.id = pln.invoice_id
    where pln.amount > 0 and pln.paid_at < bil.until
)

select
    hap.invoice_id,
    hap.sequence,
    hap.payer_id,
    hap.amount,
    hap.applied_amount,
    hap.paid_at,
    hap.via,
    hap.key,
    hap.hospital_id,
    hap.patient_id,
    hap.kind,
    hap.currency_code,
    hap.exchange_rate,
    hap.billed_at,
    hap.until,
    case when hap.voids_at < hap.until then hap.voids_at end as voids_at
from happened as hap
union all
-- a voided receipt of a good bill was typed in wrong and is entered anew
select
    hap.invoice_id,
    hap.sequence + 50,
    hap.payer_id,
    hap.amount,
    hap.applied_amount,
    hap.voids_at + interval '4 minutes',
    hap.via,
    hap.key + 50,
    hap.hospital_id,
    hap.patient_id,
    hap.kind,
    hap.currency_code,
    hap.exchange_rate,
    hap.billed_at,
    hap.until,
    null
from happened as hap
where hap.outcome <> 'void' and hap.voids_at + interval '4 minutes' < hap.until;

analyze demo.receipts;
