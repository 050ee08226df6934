{# grain: one row per posting of what a credit note had settled and is used elsewhere #}
with uses as (
    select * from {{ ref('credit_note_uses') }}
),

all_uses as (
    select * from {{ ref('credit_note_uses') }}
),

credit_note_lines as (
    select * from {{ ref('issued_credit_note_lines') }}
),

settlements as (
    select * from {{ ref('fct_credit_note_settlements') }}
),

invoices as (
    select * from {{ ref('fct_invoices') }}
),

-- refunds and allocations take the excess of a credit note (line 0), then what it settled of the
-- other share (line 1) and of its own (line 2), one after the other in the order of their days;
-- beyond it there is nothing to open
noted_uses as (
    select
        use.*,
        cre.invoice_id as credited_invoice_id,
        cre.patient_id,
        cre.payer_id,
        cre.share,
        cre.credit_date,
        cre.void_date as note_void_date,
        (tak.parts -> 1 ->> 'amount')::numeric(18, 4) as other_amount,
        (tak.parts -> 2 ->> 'amount')::numeric(18, 4) as own_amount
    from uses as use
    inner join lateral (
        select
            min(inn.invoice_id) filter (where inn.has_invoice) as invoice_id,
            min(inn.patient_id) as patient_id,
            min(inn.payer_id) as payer_id,
            min(inn.share) as share,
            sum(inn.net_amount + inn.tax_amount) as amount,
            min(inn.credit_date) as credit_date,
            max(inn.void_date) as void_date
        from credit_note_lines as inn
        where
            inn.tenant_id = use.tenant_id
            and inn.credit_note_id = use.credit_note_id
            and inn.currency_code = use.currency_code
    ) as cre on cre.invoice_id is not null
    inner join lateral (
        select
            sum(
                case inn.share
                    when cre.share then inn.own_amount
                    else inn.other_amount
                end
            ) as own_amount,
            sum(
                case inn.share
                    when cre.share then inn.other_amount
                    else inn.own_amount
                end
            ) as other_amount
        from settlements as inn
        where
            inn.tenant_id = use.tenant_id
            and inn.credit_note_id = use.credit_note_id
    ) as sem on true
    inner join lateral (
        select
            {{ take_parts() }}(
                inn.amount,
                jsonb_build_array(
                    jsonb_build_object(
                        'line_id', 0,
                        'amount', cre.amount - sem.own_amount - sem.other_amount
                    ),
                    jsonb_build_object('line_id', 1, 'amount', sem.other_amount),
                    jsonb_build_object('line_id', 2, 'amount', sem.own_amount),
                    jsonb_build_object('line_id', -1)
                ),
                inn.use_date,
                inn.void_date
                order by inn.use_date, inn.document_type, inn.document_id
            ) as parts
        from all_uses as inn
        where
            inn.tenant_id = use.tenant_id
            and inn.credit_note_id = use.credit_note_id
            and inn.currency_code = use.currency_code
            and (inn.use_date, inn.document_type, inn.document_id)
            <= (use.use_date, use.document_type, use.document_id)
    ) as tak on true
),

-- what settled the other share opens that one, and is credit of the own (A7, A8)
use_events as (
    select
        use.tenant_id,
        use.document_type,
        use.document_id,
        -- beside the application of an allocation, which is line 0
        case use.document_type when 'refund' then 0 else 1 end::bigint as line_id,
        inv.invoice_id,
        inv.department_id,
        inv.practitioner_id,
        coalesce(inv.payer_id, use.payer_id) as payer_id,
        coalesce(inv.patient_id, use.patient_id) as patient_id,
        null::bigint as service_id,
        kin.event_type,
        case
            when kin.is_other_share then {{ other_share('use.share') }}
            else use.share
        end as share,
        kin.debit_account,
        kin.credit_account,
        inv.source_app,
        use.payment_method,
        case when inv.department_id is null then 'unattributed' else 'invoice' end
            as attribution_method,
        use.currency_code,
        case when kin.is_of_other then use.other_amount else use.own_amount end
            as amount,
        use.base_rate,
        greatest(use.use_date, use.credit_date) as business_date,
        -- the void of the credit note opens what it had settled by itself
        least(use.void_date, use.note_void_date) as void_date,
        use.recorded_at,
        use.recorded_at as voided_at
    from noted_uses as use
    inner join invoices as inv
        on use.tenant_id = inv.tenant_id and use.credited_invoice_id = inv.invoice_id
    cross join
        (
            values
            ('credit_note_use', false, false, 'receivable', 'unapplied_credit'),
            ('credit_note_use', true, true, 'receivable', 'credit_transfer'),
            ('credit_transfer', true, false, 'credit_transfer', 'unapplied_credit')
        ) as kin (
            event_type, is_of_other, is_other_share, debit_account, credit_account
        )
),

posted_uses as (
    {{ postings('use_events') }}
)

select * from posted_uses
