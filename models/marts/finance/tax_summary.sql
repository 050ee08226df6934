{# grain: one row per tenant, business date, tax code, tax rate and currency #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

taxed_days as (
    select
        tenant_id,
        coalesce(tax_code, 'unknown') as tax_code,
        coalesce(tax_rate, 0)::numeric(18, 4) as tax_rate,
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
        business_date
    from postings
    where {{ moves(['revenue', 'discounts', 'credit_notes', 'tax_payable']) }}
    group by
        tenant_id,
        business_date,
        coalesce(tax_code, 'unknown'),
        coalesce(tax_rate, 0),
        currency_code
)

select * from taxed_days
