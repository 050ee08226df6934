-- so many invoice items, evenly over all of the history, are found to be wrong
with spread as (
    select greatest(count(*) / %s, 1) as step
    from hms.invoice_items
)

update hms.invoice_items as itm
set quantity = itm.quantity + 1
from spread as spr
where itm.id %% spr.step = spr.step / 2
