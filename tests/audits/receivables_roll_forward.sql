{# A11: what was open a month before the last day, plus what was billed, less what was applied,
   credited and adjusted, is open on the last day, invoice by invoice #}
with periods as (
    select * from {{ in_turn('reporting_periods') }}
),

open_receivables as (
    select * from {{ ref('open_receivables') }}
),

postings as (
    select * from {{ ref('fct_postings') }}
),

spans as (
    select
        tenant_id,
        greatest(last_data_date - 30, first_date) as begins_on,
        last_data_date as ends_on
    from periods
),

ends as (
    select
        spa.tenant_id,
        sid.is_end,
        case when sid.is_end then spa.ends_on else spa.begins_on end as as_of_date
    from spans as spa
    cross join unnest(array[false, true]) as sid (is_end)
),

measures as (
    select
        day.tenant_id,
        rec.document_type,
        rec.document_id,
        rec.currency_code,
        case
            when day.is_end then -rec.outstanding_amount else rec.outstanding_amount
        end as amount
    from ends as day
    inner join lateral (
        select
            inn.document_type,
            inn.document_id,
            inn.currency_code,
            inn.outstanding_amount
        from open_receivables as inn
        where inn.tenant_id = day.tenant_id and inn.as_of_date = day.as_of_date
        offset 0
    ) as rec on true
    union all
    select
        spa.tenant_id,
        case when pos.invoice_id is null then pos.document_type else 'invoice' end
            as document_type,
        coalesce(pos.invoice_id, pos.document_id) as document_id,
        pos.currency_code,
        case pos.debit_account when 'receivable' then pos.amount else -pos.amount end
            as amount
    from spans as spa
    inner join postings as pos
        on
            spa.tenant_id = pos.tenant_id
            and spa.begins_on < pos.business_date
            and spa.ends_on >= pos.business_date
            and 'receivable' in (pos.debit_account, pos.credit_account)
            and pos.debit_account <> pos.credit_account
),

differing_documents as (
    select
        tenant_id,
        document_type,
        document_id,
        currency_code,
        sum(amount) as difference
    from measures
    group by tenant_id, document_type, document_id, currency_code
    having sum(amount) <> 0
)

select * from differing_documents
