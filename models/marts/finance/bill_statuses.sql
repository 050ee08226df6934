{# grain: one row per tenant, as-of date and invoice issued by then #}
with days as (
    select * from {{ ref('reporting_days') }}
),

issued_invoices as (
    select * from {{ ref('fct_invoices') }}
),

charges as (
    select * from {{ ref('invoice_charges') }}
),

open_receivables as (
    select * from {{ ref('open_receivables') }}
),

settled_parts as (
    {{ with_instalments('open_receivables') }}
),

-- each day by itself. One that is a draft again after its period closed is none from then on,
-- but for what it still has charged or open (T2)
invoices as (
    select
        day.tenant_id,
        bil.invoice_id,
        bil.currency_code,
        bil.billed_amount,
        bil.open_amount,
        bil.open_base_amount,
        bil.overdue_amount,
        bil.is_void,
        day.as_of_date
    from days as day
    cross join lateral (  -- noqa: ST05
        with issued as (
            select
                inv.invoice_id,
                inv.currency_code,
                coalesce(inv.void_date <= day.as_of_date, false) as is_void
            from issued_invoices as inv
            where
                inv.tenant_id = day.tenant_id
                and inv.invoice_date <= day.as_of_date
        ),

        charged as (
            select
                chg.invoice_id,
                chg.currency_code,
                sum(chg.billed_amount) as billed_amount
            from charges as chg
            where
                chg.tenant_id = day.tenant_id
                and chg.business_date <= day.as_of_date
            group by chg.invoice_id, chg.currency_code
        ),

        opened as (
            select
                par.invoice_id,
                par.currency_code,
                sum(par.open_from_part - par.open_after_part) as open_amount,
                sum(
                    case par.part_number when 1 then par.outstanding_base_amount end
                ) as open_base_amount,
                sum(
                    case
                        when par.part_due_date < par.as_of_date
                            then par.open_from_part - par.open_after_part
                    end
                ) as overdue_amount
            from settled_parts as par
            where
                par.tenant_id = day.tenant_id
                and par.as_of_date = day.as_of_date
                and par.invoice_id is not null
            group by par.invoice_id, par.currency_code
        )

        select
            coalesce(iss.invoice_id, chg.invoice_id, ope.invoice_id) as invoice_id,
            coalesce(iss.currency_code, chg.currency_code, ope.currency_code)
                as currency_code,
            coalesce(chg.billed_amount, 0) as billed_amount,
            coalesce(ope.open_amount, 0) as open_amount,
            coalesce(ope.open_base_amount, 0) as open_base_amount,
            coalesce(ope.overdue_amount, 0) as overdue_amount,
            coalesce(iss.is_void, false) as is_void
        from issued as iss
        full join charged as chg
            on
                iss.invoice_id = chg.invoice_id
                and iss.currency_code = chg.currency_code
        full join opened as ope
            on
                coalesce(iss.invoice_id, chg.invoice_id) = ope.invoice_id
                and coalesce(iss.currency_code, chg.currency_code)
                = ope.currency_code
        where
            iss.invoice_id is not null
            or chg.billed_amount <> 0
            or ope.open_amount <> 0
        offset 0
    ) as bil
),

-- A3, A12: what the journal says, never what the source keeps beside the invoice
judged_invoices as (
    select
        tenant_id,
        invoice_id,
        currency_code,
        billed_amount,
        open_amount,
        open_base_amount,
        overdue_amount,
        as_of_date,
        case
            when is_void then 'voided'
            when open_amount < 0 then 'overpaid'
            when open_amount = 0 then 'settled'
            when open_amount < billed_amount then 'partly_paid'
            else 'unpaid'
        end as status
    from invoices
),

-- where both shares come to nothing or less, nothing is overdue
bill_statuses as (
    select
        tenant_id,
        invoice_id,
        status,
        currency_code,
        billed_amount::numeric(18, 4) as billed_amount,
        open_amount::numeric(18, 4) as open_amount,
        open_base_amount::numeric(18, 4) as open_base_amount,
        case
            when status in ('unpaid', 'partly_paid')
                then greatest(least(overdue_amount, open_amount), 0)
            else 0
        end::numeric(18, 4) as overdue_amount,
        as_of_date
    from judged_invoices
)

select * from bill_statuses
