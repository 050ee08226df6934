{# grain: one row per posting of a credit note line #}
with issued_lines as (
    select * from {{ ref('issued_credit_note_lines') }}
),

settlements as (
    select * from {{ ref('fct_credit_note_settlements') }}
),

invoice_lines as (
    select * from {{ from_systems('invoice_lines', beside='credit_note_lines') }}
),

-- what exceeds the open amount moves on to the unapplied credit (A7)
credit_kinds (place, event_type, is_other_share, debit_account, credit_account) as (
    values
    (1, 'credit_note', false, 'credit_notes', 'receivable'),
    (2, 'credit_note', true, 'credit_notes', 'receivable'),
    (3, 'credit_note_tax', false, 'tax_payable', 'receivable'),
    (4, 'credit_note_tax', true, 'tax_payable', 'receivable'),
    (5, 'credit_note_excess', false, 'receivable', 'unapplied_credit')
),

running_lines as (
    select
        lin.*,
        sum(lin.net_amount + lin.tax_amount) over (
            partition by lin.tenant_id, lin.credit_note_id, lin.invoice_id, lin.share
            order by lin.line_id
        ) as running_amount
    from issued_lines as lin
),

-- the lines of a credit note settle one after the other: first the own share, then the
-- other, and the last ones are the excess
settled_lines as (
    select
        lin.*,
        coalesce(cre.own_amount, 0) as own_limit,
        coalesce(cre.own_amount + cre.other_amount, 0) as settled_limit,
        lin.running_amount - lin.net_amount - lin.tax_amount as earlier_amount
    from running_lines as lin
    left join lateral (
        select
            inn.own_amount,
            inn.other_amount
        from settlements as inn
        where
            inn.tenant_id = lin.tenant_id
            and inn.credit_note_id = lin.credit_note_id
            and inn.invoice_id = lin.invoice_id
            and inn.share = lin.share
        offset 0
    ) as cre on true
),

split_lines as (
    select
        lin.*,
        par.settled_amount - par.own_amount as other_amount,
        lin.net_amount + lin.tax_amount - par.settled_amount as excess_amount,
        round(
            lin.tax_amount * (par.settled_amount - par.own_amount)
            / (lin.net_amount + lin.tax_amount),
            lin.exponent
        ) as other_tax_amount
    from settled_lines as lin
    inner join lateral (
        select
            least(lin.running_amount, lin.own_limit)
            - least(lin.earlier_amount, lin.own_limit) as own_amount,
            least(lin.running_amount, lin.settled_limit)
            - least(lin.earlier_amount, lin.settled_limit) as settled_amount
        offset 0
    ) as par on true
    where lin.net_amount + lin.tax_amount <> 0
),

credit_events as (
    select
        cre.tenant_id,
        'credit_note' as document_type,
        cre.credit_note_id as document_id,
        cre.line_id,
        cre.invoice_id,
        coalesce(
            lin.line_department_id,
            lin.order_department_id,
            lin.visit_department_id,
            cre.department_id
        ) as department_id,
        coalesce(lin.practitioner_id, cre.practitioner_id) as practitioner_id,
        cre.payer_id,
        cre.patient_id,
        lin.service_id,
        lin.product_id,
        kin.event_type,
        case
            when kin.is_other_share then {{ other_share('cre.share') }}
            else cre.share
        end as share,
        kin.debit_account,
        kin.credit_account,
        cre.source_app,
        lin.item_type as service_category,
        lin.patient_type,
        lin.tax_code,
        lin.tax_rate,
        null::text as payment_method,
        case
            when lin.line_department_id is not null then 'line'
            when lin.order_department_id is not null then 'order'
            when lin.visit_department_id is not null then 'visit'
            when cre.department_id is not null then 'invoice'
            else 'unattributed'
        end as attribution_method,
        cre.currency_code,
        case kin.place
            when 1 then cre.net_amount - cre.other_amount + cre.other_tax_amount
            when 2 then cre.other_amount - cre.other_tax_amount
            when 3 then cre.tax_amount - cre.other_tax_amount
            when 4 then cre.other_tax_amount
            else cre.excess_amount
        end as amount,
        cre.base_rate,
        cre.credit_date as business_date,
        cre.void_date,
        cre.recorded_at,
        cre.recorded_at as voided_at
    from split_lines as cre
    left join lateral (
        select
            inn.line_department_id,
            inn.order_department_id,
            inn.visit_department_id,
            inn.practitioner_id,
            inn.service_id,
            inn.product_id,
            inn.item_type,
            inn.patient_type,
            inn.tax_code,
            inn.tax_rate
        from invoice_lines as inn
        where
            inn.tenant_id = cre.tenant_id
            and inn.invoice_id = cre.invoice_id
            and inn.line_id = cre.invoice_line_id
        offset 0
    ) as lin on true
    cross join credit_kinds as kin
),

posted_credits as (
    {{ postings(
        'credit_events',
        known=[
            'product_id', 'service_category', 'patient_type', 'tax_code', 'tax_rate'
        ]
    ) }}
)

select * from posted_credits
