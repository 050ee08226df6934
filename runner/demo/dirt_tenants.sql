-- Hospitals that nothing can be reported of, each with a payment.
insert into hms.hospitals (
    id, code, name, time_zone, day_cutoff, currency_code, created_at, updated_at
)
select
    900 + new.number,
    'X' || new.number,
    'Nowhere ' || new.number,
    new.time_zone,
    '00:00',
    new.currency_code,
    run.first_date::timestamptz,
    run.first_date::timestamptz
from demo.run
cross join (
    values
    (1, null, 'USD'),
    (2, '', 'USD'),
    (3, 'Mars/Olympus', 'USD'),
    (4, 'Europe/Paris', 'XXH'),
    (5, 'Europe/Paris', null)
) as new (number, time_zone, currency_code);

insert into hms.payments
select twin.*
from (
    select pay.id
    from hms.payments as pay
    where pay.invoice_id is null and pay.status = 'completed' and pay.id is not null
    order by pay.id
    limit 1
) as drw
inner join hms.payments as pay on drw.id = pay.id
cross join generate_series(901, 905) as hos (id)
cross join lateral jsonb_populate_record(
    pay, jsonb_build_object('id', 91000000 + hos.id, 'hospital_id', hos.id)
) as twin;
