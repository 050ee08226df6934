{# grain: one row per tenant, as-of date, open document, share, debtor, currency and instalment #}
with open_receivables as (
    select * from {{ ref('open_receivables') }}
),

buckets as (
    select * from {{ ref('dim_ageing_buckets') }}
),

-- A6: an invoice in parts has what is due from each part on, latest part last
settled_parts as (
    {{ with_instalments('open_receivables') }}
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
        par.part_due_date as due_date,
        par.department_id,
        par.revenue_point_code
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
