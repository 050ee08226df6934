{# grain: one row per tenant, as-of date, department, payer, revenue point, share, currency and
   bucket #}
with aged_invoices as (
    select * from {{ ref('ar_aging_invoices') }}
),

buckets as (
    select * from {{ ref('dim_ageing_buckets') }}
),

bucket_labels as (
    select * from {{ ref('dim_ageing_buckets') }}
),

departments as (
    select * from {{ ref('dim_departments') }}
),

payers as (
    select * from {{ ref('dim_payers') }}
),

revenue_points as (
    select * from {{ ref('dim_revenue_points') }}
),

-- each amount once by its age past due, and once by its age since the invoice (A4); what is
-- open in the tenant's currency only, after rates moved, is not an open invoice
measures as (
    select
        age.tenant_id,
        age.department_id,
        case age.share when 'payer' then age.debtor_id else 0 end as payer_id,
        age.revenue_point_code,
        age.share,
        age.currency_code,
        mea.bucket_number,
        mea.gross_amount,
        mea.gross_by_invoice_date_amount,
        age.document_type,
        age.document_id,
        age.as_of_date
    from aged_invoices as age
    inner join buckets as buc
        on
            age.tenant_id = buc.tenant_id
            and age.days_since_invoice
            between coalesce(buc.days_from, -2147483648)
            and coalesce(buc.days_to, 2147483647)
    cross join
        lateral (
            values
            (age.bucket_number, age.outstanding_amount, 0),
            (buc.bucket_number, 0, age.outstanding_amount)
        ) as mea (bucket_number, gross_amount, gross_by_invoice_date_amount)
    where age.outstanding_amount <> 0
),

bucket_sums as (
    select
        tenant_id,
        department_id,
        payer_id,
        revenue_point_code,
        share,
        currency_code,
        bucket_number,
        sum(gross_amount)::numeric(18, 4) as gross_amount,
        sum(gross_by_invoice_date_amount)::numeric(18, 4)
            as gross_by_invoice_date_amount,
        count(distinct row(document_type, document_id)) filter (where gross_amount <> 0)
            as open_invoice_count,
        as_of_date
    from measures
    group by
        tenant_id,
        as_of_date,
        department_id,
        payer_id,
        revenue_point_code,
        share,
        currency_code,
        bucket_number
),

labelled_buckets as (
    select
        sums.tenant_id,
        sums.department_id,
        case
            when sums.department_id = 0 then 'Unattributed'
            else coalesce(dep.department_name, 'Unknown department')
        end as department_name,
        sums.payer_id,
        case sums.share
            when 'payer' then coalesce(pay.payer_name, 'Unknown payer')
        end as payer_name,
        sums.revenue_point_code,
        coalesce(poi.revenue_point_name, 'Unknown revenue point') as revenue_point_name,
        sums.share,
        sums.currency_code,
        sums.bucket_number,
        buc.bucket_code,
        buc.bucket_label,
        sums.gross_amount,
        sums.gross_by_invoice_date_amount,
        sums.open_invoice_count,
        sums.as_of_date
    from bucket_sums as sums
    inner join bucket_labels as buc
        on
            sums.tenant_id = buc.tenant_id
            and sums.bucket_number = buc.bucket_number
    left join departments as dep
        on
            sums.tenant_id = dep.tenant_id
            and sums.department_id = dep.department_id
    left join payers as pay
        on sums.tenant_id = pay.tenant_id and sums.payer_id = pay.payer_id
    left join revenue_points as poi
        on
            sums.tenant_id = poi.tenant_id
            and sums.revenue_point_code = poi.revenue_point_code
)

select * from labelled_buckets
