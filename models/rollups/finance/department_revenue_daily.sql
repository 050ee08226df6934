{# grain: one row per tenant, business date, department and currency #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

-- what each document brings the department on the day
document_revenue as (
    select
        tenant_id,
        coalesce(department_id, 0) as department_id,
        document_type,
        document_id,
        currency_code,
        sum(case when credit_account = 'revenue' then amount else 0 end)
        - sum(case when debit_account = 'revenue' then amount else 0 end)
            as gross_charge_amount,
        sum(case when debit_account = 'discounts' then amount else 0 end)
        - sum(case when credit_account = 'discounts' then amount else 0 end)
            as discount_amount,
        sum(case when debit_account = 'credit_notes' then amount else 0 end)
        - sum(case when credit_account = 'credit_notes' then amount else 0 end)
            as credit_note_amount,
        sum(case when debit_account = 'contractual_adjustments' then amount else 0 end)
        - sum(
            case when credit_account = 'contractual_adjustments' then amount else 0 end
        )
            as contractual_adjustment_amount,
        sum(case when debit_account = 'charity_care' then amount else 0 end)
        - sum(case when credit_account = 'charity_care' then amount else 0 end)
            as charity_care_amount,
        sum(case when debit_account = 'write_offs' then amount else 0 end)
        - sum(case when credit_account = 'write_offs' then amount else 0 end)
            as write_off_amount,
        sum(case when credit_account = 'tax_payable' then amount else 0 end)
        - sum(case when debit_account = 'tax_payable' then amount else 0 end)
            as tax_amount,
        count(distinct line_id) filter (
            where event_type = 'invoice_line' and not is_reversal
        ) as line_count,
        business_date
    from postings
    where
        debit_account in (
            'revenue', 'discounts', 'credit_notes', 'contractual_adjustments',
            'charity_care', 'write_offs', 'tax_payable'
        )
        or credit_account in (
            'revenue', 'discounts', 'credit_notes', 'contractual_adjustments',
            'charity_care', 'write_offs', 'tax_payable'
        )
    group by
        tenant_id,
        business_date,
        coalesce(department_id, 0),
        currency_code,
        document_type,
        document_id
),

department_revenue as (
    select
        tenant_id,
        department_id,
        currency_code,
        sum(gross_charge_amount)::numeric(18, 4) as gross_charge_amount,
        sum(discount_amount)::numeric(18, 4) as discount_amount,
        sum(contractual_adjustment_amount)::numeric(18, 4)
            as contractual_adjustment_amount,
        sum(charity_care_amount)::numeric(18, 4) as charity_care_amount,
        sum(credit_note_amount)::numeric(18, 4) as credit_note_amount,
        sum(
            gross_charge_amount
            - discount_amount
            - contractual_adjustment_amount
            - charity_care_amount
            - credit_note_amount
        )::numeric(18, 4) as net_revenue_amount,
        sum(write_off_amount)::numeric(18, 4) as write_off_amount,
        sum(tax_amount)::numeric(18, 4) as tax_amount,
        sum(line_count)::bigint as line_count,
        count(*) filter (where line_count > 0) as invoice_count,
        business_date
    from document_revenue
    group by tenant_id, business_date, department_id, currency_code
)

select * from department_revenue
