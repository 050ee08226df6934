-- Hospitals alternate between two currencies, time zones and day cutoffs.

insert into hms.hospitals (
    id, code, name, time_zone, day_cutoff, currency_code, created_at, updated_at
)
select
    num.hospital_id,
    'H' || lpad(num.hospital_id::text, 3, '0'),
    (
        array[
            'St. Anne',
            'Mont Fébé',
            'Riverside',
            'Bonanjo',
            'Lakeview',
            'Sainte-Marie',
            'Hillcrest',
            'La Paix'
        ]
    )[
        1 + (num.hospital_id - 1) % 8
    ] || case when num.hospital_id % 2 = 0 then ' Hôpital' else ' Hospital' end
    || case
        when num.hospital_id > 8 then ' ' || (1 + (num.hospital_id - 1) / 8) else ''
    end,
    case when num.hospital_id % 2 = 0 then 'Africa/Douala' else 'America/New_York' end,
    case when num.hospital_id % 2 = 0 then '06:00'::time else '00:00'::time end,
    case when num.hospital_id % 2 = 0 then 'XAF' else 'USD' end,
    (run.first_date - 365)::timestamptz,
    (run.first_date - 365)::timestamptz
from demo.run
cross join generate_series(1, run.tenants) as num (hospital_id);
