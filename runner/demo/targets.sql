-- what hospitals mean to earn: as much as they charge, in round figures
select
    hos.id as hospital_id,
    date_trunc('month', inv.issued_at at time zone hos.time_zone)::date as month,
    poi.revenue_point,
    hos.currency_code as currency,
    round(sum(inv.subtotal_amount) * poi.part, -2) as amount
from hms.hospitals as hos
inner join hms.invoices as inv
    on hos.id = inv.hospital_id and hos.currency_code = inv.currency_code
cross join (
    values ('all', 1.0), ('pharmacy', 0.3), ('laboratory', 0.2)
) as poi (revenue_point, part)
where inv.issued_at is not null and hos.time_zone is not null
group by
    hos.id,
    date_trunc('month', inv.issued_at at time zone hos.time_zone),
    poi.revenue_point,
    poi.part,
    hos.currency_code
order by hospital_id, month, poi.revenue_point
