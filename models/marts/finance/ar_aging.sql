{# grain: one row per tenant, as-of date, currency, share and ageing bucket #}
with aged_invoices as (
    select * from {{ ref('ar_aging_invoices') }}
),

unapplied_credits as (
    select * from {{ ref('unapplied_credits') }}
),

days as (
    select * from {{ ref('reporting_days') }}
),

account_movements as (
    select * from {{ ref('account_movements_daily') }}
),

shown_buckets as (
    select * from {{ ref('dim_ageing_buckets') }}
),

bucket_labels as (
    select * from {{ ref('dim_ageing_buckets') }}
),

-- distinct: of each currency that the tenant's receivables ever had
shown_currencies as (
    select distinct
        tenant_id,
        currency_code
    from account_movements
    where account in ('receivable', 'unapplied_credit')
),

-- every bucket of every share and currency is in every answer, empty ones too; unapplied
-- credit has no age and stands in a row of its own
measures as (
    select
        day.tenant_id,
        sha.share,
        cur.currency_code,
        buc.bucket_number,
        0 as gross_amount,
        0 as unapplied_credit_amount,
        null::text as document_type,
        null::bigint as document_id,
        null::text as due_date_rule,
        day.as_of_date
    from days as day
    inner join shown_currencies as cur on day.tenant_id = cur.tenant_id
    inner join shown_buckets as buc on day.tenant_id = buc.tenant_id
    cross join unnest(array['patient', 'payer']) as sha (share)
    union all
    select
        tenant_id,
        share,
        currency_code,
        bucket_number,
        outstanding_amount as gross_amount,
        0 as unapplied_credit_amount,
        document_type,
        document_id,
        due_date_rule,
        as_of_date
    from aged_invoices
    union all
    select
        tenant_id,
        share,
        currency_code,
        99 as bucket_number,
        0 as gross_amount,
        unapplied_credit_amount,
        null::text as document_type,
        null::bigint as document_id,
        null::text as due_date_rule,
        as_of_date
    from unapplied_credits
),

-- what is open in the tenant's currency only, after rates moved, is not an open invoice
bucket_sums as (
    select
        tenant_id,
        share,
        currency_code,
        bucket_number,
        sum(gross_amount)::numeric(18, 4) as gross_amount,
        sum(unapplied_credit_amount)::numeric(18, 4) as unapplied_credit_amount,
        sum(gross_amount - unapplied_credit_amount)::numeric(18, 4) as net_amount,
        count(distinct row(document_type, document_id)) filter (where gross_amount <> 0)
            as open_invoice_count,
        count(distinct row(document_type, document_id)) filter (
            where gross_amount <> 0 and due_date_rule <> 'source'
        ) as invoice_without_due_date_count,
        as_of_date
    from measures
    group by tenant_id, as_of_date, currency_code, share, bucket_number
),

labelled_buckets as (
    select
        sums.tenant_id,
        sums.share,
        sums.currency_code,
        sums.bucket_number,
        coalesce(buc.bucket_code, 'unapplied_credit') as bucket_code,
        coalesce(buc.bucket_label, 'Unapplied credit') as bucket_label,
        sums.gross_amount,
        sums.unapplied_credit_amount,
        sums.net_amount,
        sums.open_invoice_count,
        sums.invoice_without_due_date_count,
        sums.as_of_date
    from bucket_sums as sums
    left join bucket_labels as buc
        on
            sums.tenant_id = buc.tenant_id
            and sums.bucket_number = buc.bucket_number
)

select * from labelled_buckets
