{# grain: one row per posting of a closed period that was added or taken away since it closed #}
{%- set told = [
    'tenant_id', 'closing_id', 'document_type', 'document_id', 'line_id', 'event_type',
    'share', 'is_reversal', 'carried_to', 'carried_from', 'business_date'
] + posting_content() %}
with closed_periods as (
    select * from {{ ref('dim_closed_periods') }}
),

postings as (
    select * from {{ ref('posting_versions') }}
),

-- what was signed and does not stand, and what came since, be it gone again
versions as (
    select
        pos.tenant_id,
        per.closing_id,
        per.release_id as closed_in,
        pos.document_id,
        pos.line_id,
        pos.invoice_id,
        pos.patient_id,
        pos.department_id,
        pos.practitioner_id,
        pos.payer_id,
        pos.service_id,
        pos.product_id,
        pos.document_type,
        pos.event_type,
        pos.share,
        pos.debit_account,
        pos.credit_account,
        pos.debit_ledger_account,
        pos.credit_ledger_account,
        pos.attribution_method,
        pos.revenue_point_code,
        pos.revenue_point_rule,
        pos.wallet_type,
        pos.service_category,
        pos.patient_type,
        pos.payment_method,
        pos.tax_code,
        pos.currency_code,
        pos.amount,
        pos.base_amount,
        pos.tax_rate,
        pos.is_reversal,
        pos.carried_to,
        pos.carried_from,
        pos.released_in <= per.release_id as is_signed,
        pos.retired_in is null as is_standing,
        pos.released_in,
        pos.retired_in,
        pos.business_date,
        pos.recorded_at
    from closed_periods as per
    inner join postings as pos
        on
            per.tenant_id = pos.tenant_id
            and per.ends_before > pos.business_date
            and (per.starts_on is null or per.starts_on <= pos.business_date)
            and (pos.retired_in is null or per.release_id < pos.retired_in)
            and (pos.retired_in is not null or per.release_id < pos.released_in)
),

-- versions that say the same follow each other where only their source's last writing or the
-- rule that found their place differ
begun_versions as (
    select
        *,
        coalesce(
            lag(retired_in) over (
                partition by {{ told | join(', ') }}
                order by released_in
            ) = released_in,
            false
        ) as is_continued
    from versions
),

runs as (
    select
        *,
        count(*) filter (where not is_continued) over (
            partition by {{ told | join(', ') }}
            order by released_in
        ) as run
    from begun_versions
),

-- signed and standing is no change, whatever was between
compared_versions as (
    select
        *,
        bool_or(is_signed) over same_words and bool_or(is_standing) over same_words
            as is_unchanged,
        case
            when is_standing then min(released_in) over same_run
            else max(retired_in) over same_run
        end as changed_in,
        is_standing as is_added
    from runs
    window
        same_words as (partition by {{ told | join(', ') }}),
        same_run as (partition by {{ told | join(', ') }}, run)
),

restated_postings as (
    select
        tenant_id,
        closing_id,
        closed_in,
        changed_in,
        document_id,
        line_id,
        invoice_id,
        patient_id,
        department_id,
        practitioner_id,
        payer_id,
        service_id,
        product_id,
        document_type,
        event_type,
        share,
        debit_account,
        credit_account,
        attribution_method,
        revenue_point_code,
        revenue_point_rule,
        service_category,
        patient_type,
        payment_method,
        tax_code,
        currency_code,
        amount,
        base_amount,
        tax_rate,
        is_reversal,
        carried_to,
        carried_from,
        is_added,
        business_date,
        recorded_at
    from compared_versions
    where (is_signed or is_standing) and not is_unchanged
)

select * from restated_postings
