{# grain: one row per tenant, month, tax code, tax rate and currency #}
with days as (
    select * from {{ ref('reporting_days') }}
),

postings as (
    select * from {{ ref('fct_postings') }}
),

-- a month is found by its first day: the postings between by their index
months as (
    select
        tenant_id,
        month_start_date,
        (month_start_date + interval '1 month')::date as next_month_start_date
    from days
    group by tenant_id, month_start_date
),

taxed_lines as (
    select
        mon.tenant_id,
        coalesce(pos.tax_code, 'unknown') as tax_code,
        coalesce(pos.tax_rate, 0)::numeric(18, 4) as tax_rate,
        pos.currency_code,
        pos.event_type,
        pos.debit_account,
        pos.credit_account,
        pos.is_reversal,
        pos.amount,
        mon.month_start_date
    from months as mon
    inner join lateral (
        select
            inn.tax_code,
            inn.tax_rate,
            inn.currency_code,
            inn.event_type,
            inn.debit_account,
            inn.credit_account,
            inn.is_reversal,
            inn.amount
        from postings as inn
        where
            inn.tenant_id = mon.tenant_id
            and inn.business_date >= mon.month_start_date
            and inn.business_date < mon.next_month_start_date
        offset 0
    ) as pos on true
),

tax_months as (
    select
        tenant_id,
        tax_code,
        tax_rate,
        currency_code,
        (
            {{ net_credit('revenue') }}
            + {{ net_credit('discounts') }}
            + {{ net_credit('credit_notes') }}
        )::numeric(18, 4) as taxable_amount,
        {{ net_credit('tax_payable', ['line_tax']) }}::numeric(18, 4)
            as charged_tax_amount,
        (-{{ net_credit('tax_payable', ['credit_note_tax']) }})::numeric(18, 4)
            as credited_tax_amount,
        {{ net_credit('tax_payable') }}::numeric(18, 4) as tax_amount,
        month_start_date
    from taxed_lines
    where {{ moves(['revenue', 'discounts', 'credit_notes', 'tax_payable']) }}
    group by tenant_id, month_start_date, tax_code, tax_rate, currency_code
)

select * from tax_months
