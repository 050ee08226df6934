{# grain: one row per tenant, as-of date, share, debtor and currency #}
with aged_invoices as (
    select * from {{ ref('ar_aging_invoices') }}
),

unapplied_credits as (
    select * from {{ ref('unapplied_credits') }}
),

payers as (
    select * from {{ ref('dim_payers') }}
),

measures as (
    select
        tenant_id,
        debtor_id,
        share,
        currency_code,
        bucket_code,
        outstanding_amount as gross_amount,
        outstanding_base_amount as gross_base_amount,
        0 as unapplied_credit_amount,
        0 as unapplied_credit_base_amount,
        as_of_date
    from aged_invoices
    union all
    select
        tenant_id,
        debtor_id,
        share,
        currency_code,
        null as bucket_code,
        0 as gross_amount,
        0 as gross_base_amount,
        unapplied_credit_amount,
        unapplied_credit_base_amount,
        as_of_date
    from unapplied_credits
),

debtor_sums as (
    select
        tenant_id,
        debtor_id,
        share,
        currency_code,
        coalesce(sum(gross_amount) filter (where bucket_code = 'not_due'), 0)
            as not_due_amount,
        coalesce(sum(gross_amount) filter (where bucket_code = 'days_1_30'), 0)
            as days_1_30_amount,
        coalesce(sum(gross_amount) filter (where bucket_code = 'days_31_60'), 0)
            as days_31_60_amount,
        coalesce(sum(gross_amount) filter (where bucket_code = 'days_61_90'), 0)
            as days_61_90_amount,
        coalesce(sum(gross_amount) filter (where bucket_code = 'days_91_120'), 0)
            as days_91_120_amount,
        coalesce(sum(gross_amount) filter (where bucket_code = 'days_121_over'), 0)
            as days_121_over_amount,
        sum(gross_amount) as gross_amount,
        sum(unapplied_credit_amount) as unapplied_credit_amount,
        sum(gross_base_amount) as gross_base_amount,
        sum(unapplied_credit_base_amount) as unapplied_credit_base_amount,
        as_of_date
    from measures
    group by tenant_id, as_of_date, share, debtor_id, currency_code
),

named_debtors as (
    select
        deb.tenant_id,
        deb.debtor_id,
        case when deb.share = 'payer' then pay.payer_name end as payer_name,
        deb.share,
        deb.currency_code,
        deb.not_due_amount::numeric(18, 4) as not_due_amount,
        deb.days_1_30_amount::numeric(18, 4) as days_1_30_amount,
        deb.days_31_60_amount::numeric(18, 4) as days_31_60_amount,
        deb.days_61_90_amount::numeric(18, 4) as days_61_90_amount,
        deb.days_91_120_amount::numeric(18, 4) as days_91_120_amount,
        deb.days_121_over_amount::numeric(18, 4) as days_121_over_amount,
        deb.gross_amount::numeric(18, 4) as gross_amount,
        deb.unapplied_credit_amount::numeric(18, 4) as unapplied_credit_amount,
        (deb.gross_amount - deb.unapplied_credit_amount)::numeric(18, 4) as net_amount,
        deb.gross_base_amount::numeric(18, 4) as gross_base_amount,
        deb.unapplied_credit_base_amount::numeric(18, 4)
            as unapplied_credit_base_amount,
        (deb.gross_base_amount - deb.unapplied_credit_base_amount)::numeric(18, 4)
            as net_base_amount,
        deb.as_of_date
    from debtor_sums as deb
    left join payers as pay
        on
            deb.tenant_id = pay.tenant_id
            and deb.debtor_id = pay.payer_id
            and deb.share = 'payer'
)

select * from named_debtors
