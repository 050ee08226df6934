-- thirty items of invoices of months ago are found to be wrong
update hms.invoice_items as itm
set quantity = itm.quantity + 1
from (
    select id
    from hms.invoice_items
    where id % 9973 = 17
    order by id
    limit 30
) as old
where itm.id = old.id
