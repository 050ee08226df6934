-- Stored totals and states follow.
with totals as (
    select
        tou.invoice_id,
        sum(itm.quantity * itm.unit_price) as subtotal_amount,
        sum(itm.discount_amount) as discount_amount,
        sum(
            coalesce(
                itm.tax_amount,
                round(
                    (itm.quantity * itm.unit_price - itm.discount_amount)
                    * itm.tax_rate
                    / 100,
                    case inv.currency_code when 'XAF' then 0 else 2 end
                )
            )
        ) as tax_amount
    from demo.touched_invoices as tou
    inner join hms.invoices as inv on inv.id = tou.invoice_id
    inner join hms.invoice_items as itm on itm.invoice_id = tou.invoice_id
    group by tou.invoice_id
),

receipts as (
    select
        tou.invoice_id,
        coalesce(dir.amount, 0)
        + coalesce(alc.amount, 0)
        + coalesce(wal.amount, 0) as paid_amount
    from demo.touched_invoices as tou
    cross join
        lateral (
            select sum(pay.amount) as amount
            from hms.payments as pay
            where
                pay.invoice_id = tou.invoice_id
                and pay.status in ('completed', 'refunded', 'partially_refunded')
        ) as dir
    cross join
        lateral (
            select sum(alc.amount) as amount
            from hms.payment_allocations as alc
            where alc.invoice_id = tou.invoice_id
        ) as alc
    cross join lateral (
        select sum(wal.amount) as amount
        from hms.wallet_transactions as wal
        where
            wal.invoice_id = tou.invoice_id
            and wal.payment_id is null
            and wal.type not in ('top_up', 'withdrawal', 'refund')
            and wal.status = 'completed'
    ) as wal
)

update hms.invoices as inv
set
    subtotal_amount = tot.subtotal_amount,
    discount_amount = tot.discount_amount,
    tax_amount = tot.tax_amount,
    total_amount = tot.subtotal_amount - tot.discount_amount + tot.tax_amount,
    paid_amount = rec.paid_amount,
    status = case
        when inv.status in ('draft', 'void') then inv.status
        when
            rec.paid_amount
            >= tot.subtotal_amount - tot.discount_amount + tot.tax_amount
            then 'paid'
        when rec.paid_amount > 0 then 'partially_paid'
        else 'issued'
    end
from totals as tot
inner join receipts as rec on rec.invoice_id = tot.invoice_id
where inv.id = tot.invoice_id;
