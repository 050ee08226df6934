-- the other yardstick: the figures of `department_revenue_daily`, from postings that are there
create materialized view plain.department_revenue_of_journal as
with document_revenue as (
    select
        tenant_id,
        coalesce(department_id, 0) as department_id,
        currency_code,
        sum(case 'revenue' when credit_account then amount when debit_account then -amount end)
            as gross,
        sum(case 'discounts' when debit_account then amount when credit_account then -amount end)
            as discount,
        sum(
            case 'contractual_adjustments'
                when debit_account then amount when credit_account then -amount
            end
        ) as contractual,
        sum(case 'charity_care' when debit_account then amount when credit_account then -amount end)
            as charity,
        sum(case 'credit_notes' when debit_account then amount when credit_account then -amount end)
            as credited,
        sum(case 'write_offs' when debit_account then amount when credit_account then -amount end)
            as written_off,
        sum(case 'tax_payable' when credit_account then amount when debit_account then -amount end)
            as tax,
        count(distinct line_id) filter (where is_line) as line_count,
        max(is_line::int) as invoice_count,
        business_date
    from (
        select
            *,
            event_type = 'invoice_line' and not is_reversal and carried_to >= 0 as is_line
        from plain.postings
        where
            debit_account <> credit_account
            and array[debit_account, credit_account] && array[
                'revenue', 'discounts', 'contractual_adjustments', 'charity_care',
                'credit_notes', 'write_offs', 'tax_payable'
            ]
    ) as pos
    group by
        tenant_id,
        business_date,
        coalesce(department_id, 0),
        currency_code,
        document_type,
        document_id
)

select
    tenant_id,
    department_id,
    currency_code,
    coalesce(sum(gross), 0) as gross_charge_amount,
    coalesce(sum(discount), 0) as discount_amount,
    coalesce(sum(contractual), 0) as contractual_adjustment_amount,
    coalesce(sum(charity), 0) as charity_care_amount,
    coalesce(sum(credited), 0) as credit_note_amount,
    coalesce(sum(gross), 0) - coalesce(sum(discount), 0) - coalesce(sum(contractual), 0)
    - coalesce(sum(charity), 0) - coalesce(sum(credited), 0) as net_revenue_amount,
    coalesce(sum(written_off), 0) as write_off_amount,
    coalesce(sum(tax), 0) as tax_amount,
    sum(line_count)::bigint as line_count,
    sum(invoice_count)::bigint as invoice_count,
    business_date
from document_revenue
group by tenant_id, business_date, department_id, currency_code;
create unique index on plain.department_revenue_of_journal (
    tenant_id, business_date, department_id, currency_code
);
