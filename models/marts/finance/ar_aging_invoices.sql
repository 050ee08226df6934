{# grain: one row per tenant, as-of date, open document, share, debtor, currency and instalment #}
with open_receivables as (
    select * from {{ ref('open_receivables') }}
),

instalments as (
    select * from {{ ref('fct_instalments') }}
),

buckets as (
    select * from {{ ref('dim_ageing_buckets') }}
),

-- A6: an invoice in parts has what is due from each part on, latest part last
parts as (
    select
        rec.*,
        ins.instalment_number,
        ins.due_date as instalment_due_date,
        sum(ins.amount) over (
            from_part rows between current row and unbounded following
        ) as amount_from_part,
        sum(ins.amount) over (
            from_part rows between 1 following and unbounded following
        ) as amount_after_part,
        row_number() over from_part as place,
        count(*) over (
            from_part rows between unbounded preceding and unbounded following
        ) as part_count
    from open_receivables as rec
    left join instalments as ins
        on
            rec.tenant_id = ins.tenant_id
            and rec.invoice_id = ins.invoice_id
            and rec.is_payable_in_parts
    window from_part as (
        partition by
            rec.tenant_id,
            rec.as_of_date,
            rec.document_type,
            rec.document_id,
            rec.share,
            rec.debtor_id,
            rec.currency_code
        order by ins.due_date, ins.instalment_number
    )
),

-- what is open is open in the latest parts; the first bears what no part explains
settled_parts as (
    select
        *,
        case
            when place = 1 then outstanding_amount
            else greatest(least(outstanding_amount, amount_from_part), 0)
        end as open_from_part,
        case
            when place = part_count then 0
            else greatest(least(outstanding_amount, amount_after_part), 0)
        end as open_after_part,
        coalesce(instalment_due_date, due_date) as part_due_date
    from parts
),

aged_parts as (
    select
        par.tenant_id,
        par.document_type,
        par.document_id,
        par.invoice_id,
        par.debtor_id,
        par.invoice_number,
        par.share,
        coalesce(par.instalment_number, 0) as instalment_number,
        par.currency_code,
        par.due_date_rule,
        buc.bucket_number,
        buc.bucket_code,
        buc.bucket_label,
        par.as_of_date - par.part_due_date as days_past_due,
        par.as_of_date - par.invoice_date as days_since_invoice,
        (par.open_from_part - par.open_after_part)::numeric(18, 4)
            as outstanding_amount,
        case
            when par.part_count = 1 then par.outstanding_base_amount
            else
                round(
                    par.outstanding_base_amount * par.open_from_part
                    / par.outstanding_amount,
                    4
                )
                - round(
                    par.outstanding_base_amount * par.open_after_part
                    / par.outstanding_amount,
                    4
                )
        end::numeric(18, 4) as outstanding_base_amount,
        par.as_of_date,
        par.invoice_date,
        par.part_due_date as due_date
    from settled_parts as par
    inner join buckets as buc
        on
            par.tenant_id = buc.tenant_id
            and par.as_of_date - par.part_due_date
            between coalesce(buc.days_from, -2147483648)
            and coalesce(buc.days_to, 2147483647)
    where par.part_count = 1 or par.open_from_part <> par.open_after_part
)

select * from aged_parts
