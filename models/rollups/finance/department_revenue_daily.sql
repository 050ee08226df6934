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
        coalesce(
            sum(
                case 'revenue'
                    when credit_account then amount
                    when debit_account then -amount
                end
            ),
            0
        ) as gross_charge_amount,
        coalesce(
            sum(
                case 'discounts'
                    when debit_account then amount
                    when credit_account then -amount
                end
            ),
            0
        ) as discount_amount,
        coalesce(
            sum(
                case 'credit_notes'
                    when debit_account then amount
                    when credit_account then -amount
                end
            ),
            0
        ) as credit_note_amount,
        coalesce(
            sum(
                case 'contractual_adjustments'
                    when debit_account then amount
                    when credit_account then -amount
                end
            ),
            0
        ) as contractual_adjustment_amount,
        coalesce(
            sum(
                case 'charity_care'
                    when debit_account then amount
                    when credit_account then -amount
                end
            ),
            0
        ) as charity_care_amount,
        coalesce(
            sum(
                case 'write_offs'
                    when debit_account then amount
                    when credit_account then -amount
                end
            ),
            0
        ) as write_off_amount,
        coalesce(
            sum(
                case 'tax_payable'
                    when credit_account then amount
                    when debit_account then -amount
                end
            ),
            0
        ) as tax_amount,
        count(distinct line_id) filter (
            where event_type = 'invoice_line' and not is_reversal
        ) as line_count,
        business_date
    from postings
    -- what stays within an account brings nothing
    where
        debit_account <> credit_account
        and (
            debit_account in (
                'revenue', 'discounts', 'credit_notes', 'contractual_adjustments',
                'charity_care', 'write_offs', 'tax_payable'
            )
            or credit_account in (
                'revenue', 'discounts', 'credit_notes', 'contractual_adjustments',
                'charity_care', 'write_offs', 'tax_payable'
            )
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
