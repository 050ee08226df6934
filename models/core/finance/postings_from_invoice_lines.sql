{# grain: one row per posting of an invoice line #}
with invoice_lines as (
    select * from {{ from_systems('invoice_lines') }}
),

invoices as (
    select * from {{ ref('fct_invoices') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

-- what a line posts, by its place among the amounts of a line
charge_kinds (place, event_type, share, debit_account, credit_account) as (
    values
    (1, 'invoice_line', 'patient', 'receivable', 'revenue'),
    (2, 'invoice_line', 'payer', 'receivable', 'revenue'),
    (3, 'line_discount', 'patient', 'discounts', 'receivable'),
    (4, 'line_discount', 'payer', 'discounts', 'receivable'),
    (5, 'line_tax', 'patient', 'receivable', 'tax_payable'),
    (6, 'line_tax', 'payer', 'receivable', 'tax_payable')
),

issued_lines as (
    select
        lin.tenant_id,
        'invoice' as document_type,
        lin.invoice_id as document_id,
        lin.line_id,
        lin.invoice_id,
        coalesce(
            lin.line_department_id,
            lin.order_department_id,
            lin.visit_department_id,
            inv.department_id
        ) as department_id,
        coalesce(lin.practitioner_id, inv.practitioner_id) as practitioner_id,
        inv.payer_id,
        inv.patient_id,
        lin.service_id,
        lin.product_id,
        inv.source_app,
        lin.item_type as service_category,
        lin.patient_type,
        lin.tax_code,
        null::text as payment_method,
        case
            when lin.line_department_id is not null then 'line'
            when lin.order_department_id is not null then 'order'
            when lin.visit_department_id is not null then 'visit'
            when inv.department_id is not null then 'invoice'
            else 'unattributed'
        end as attribution_method,
        inv.currency_code,
        lin.quantity * lin.unit_price as gross_amount,
        coalesce(lin.discount_amount, 0) as discount_amount,
        lin.stated_tax_amount,
        coalesce(lin.tax_rate, 0) as tax_rate,
        coalesce(lin.payer_amount, 0) as payer_amount,
        inv.base_rate,
        cur.exponent,
        inv.invoice_date as business_date,
        inv.void_date,
        lin.recorded_at,
        inv.voided_at
    from invoice_lines as lin
    inner join invoices as inv
        on lin.tenant_id = inv.tenant_id and lin.invoice_id = inv.invoice_id
    inner join currencies as cur on inv.currency_code = cur.currency_code
    -- a case: the planner takes an expression's `is null` for a rare thing, and would look
    -- up line by line
    where {{ is_kept('lin') }}
),

-- Each amount is worked out once per line (`offset 0`), not once per posting. V13: the
-- source's tax wins, else the rate, rounded half up per line. The payer bears at most the
-- total, and of its discount and tax the same part; the rest is the patient's, so that no
-- cent is lost.
priced_lines as (
    select
        lin.*,
        amo.amounts
    from issued_lines as lin
    inner join lateral (
        select
            array[
                cha.gross - pay.total - par.discount + par.tax,
                pay.total + par.discount - par.tax,
                cha.discount - par.discount,
                par.discount,
                tax.amount - par.tax,
                par.tax
            ] as amounts
        from (
            select
                round(lin.gross_amount, lin.exponent) as gross,
                round(lin.discount_amount, lin.exponent) as discount
            offset 0
        ) as cha
        inner join lateral (
            select
                round(
                    coalesce(
                        lin.stated_tax_amount,
                        (cha.gross - cha.discount) * lin.tax_rate / 100
                    ),
                    lin.exponent
                ) as amount
            offset 0
        ) as tax on true
        inner join lateral (
            select
                nullif(cha.gross - cha.discount + tax.amount, 0) as line_total,
                greatest(
                    least(
                        round(lin.payer_amount, lin.exponent),
                        cha.gross - cha.discount + tax.amount
                    ),
                    0
                ) as total
            offset 0
        ) as pay on true
        inner join lateral (
            select
                coalesce(
                    round(cha.discount * pay.total / pay.line_total, lin.exponent), 0
                ) as discount,
                coalesce(
                    round(tax.amount * pay.total / pay.line_total, lin.exponent), 0
                ) as tax
            offset 0
        ) as par on true
        offset 0
    ) as amo on true
),

charges as (
    select
        lin.*,
        kin.event_type,
        kin.share,
        kin.debit_account,
        kin.credit_account,
        lin.amounts[kin.place] as amount
    from priced_lines as lin
    cross join charge_kinds as kin
),

posted_charges as (
    {{ postings(
        'charges',
        known=[
            'product_id', 'service_category', 'patient_type', 'tax_code', 'tax_rate'
        ]
    ) }}
)

select * from posted_charges
