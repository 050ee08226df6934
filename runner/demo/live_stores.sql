-- Wallets are cashed in, and the store is counted, for some days ago too.
with withdrawn as (
    insert into hms.wallet_transactions (
        hospital_id, wallet_id, patient_id, type, method, currency_code, amount, status,
        transacted_at
    )
    select
        wal.hospital_id,
        wal.id,
        wal.patient_id,
        'withdrawal',
        'cash',
        wal.currency_code,
        wal.balance,
        'completed',
        ten.until - interval '9 hours'
    from hms.wallets as wal
    cross join demo.today as tod
    inner join demo.tenants as ten on ten.hospital_id = wal.hospital_id
    where
        wal.balance > 0
        and wal.created_at < now()
        and demo.roll(wal.id * 7 + (tod.day - date '2000-01-01'), 224) < 0.003
    order by wal.id
    returning wallet_id
),

emptied as (
    update hms.wallets as wal
    set balance = 0
    from withdrawn as wdr
    where wal.id = wdr.wallet_id
)

insert into demo.deeds (deed, number)
select 'wallets cashed in', count(*) from withdrawn;

with counted as (
    insert into hms.inventory_ledger (
        hospital_id,
        product_id,
        batch_id,
        location_id,
        movement_type,
        quantity,
        unit_cost,
        reference_type, moved_at
    )
    select
        led.hospital_id,
        led.product_id,
        led.batch_id,
        led.location_id,
        'adjustment',
        1,
        led.unit_cost,
        'stock_count',
        ten.until - interval '10 days'
    from demo.today as tod
    cross join lateral demo.draws(225, tod.deeds, tod.movements) as drw (id)
    inner join hms.inventory_ledger as led on led.id = drw.id
    inner join demo.tenants as ten on ten.hospital_id = led.hospital_id
    where led.moved_at < ten.until - interval '10 days'
    order by led.id
    returning id
)

insert into demo.deeds (deed, number)
select 'back-dated stock counts', count(*) from counted;
