{# grain: one row per line of a bill #}
with bill_lines as (
    select * from {{ source('clinic', 'bill_lines') }}
),

bills as (
    select * from {{ source('clinic', 'bills') }}
),

judged_lines as (
    select
        bil.tenant_id,
        bil.id as invoice_id,
        lin.id as line_id,
        lin.quantity,
        lin.price,
        lin.vat,
        bil.changed,
        case
            when (lin.quantity >= 0 and lin.quantity < 'Infinity') is not true
                then 'line without a valid quantity'
            when (lin.price >= 0 and lin.price < 'Infinity') is not true
                then 'line without a valid price'
        end as reject_reason,
        to_jsonb(lin.*) - 'landed_in' as raw_row
    from bills as bil
    inner join bill_lines as lin
        on bil.source_id = lin.source_id and bil.id = lin.bill_id
),

invoice_lines as (
    select
        tenant_id,
        invoice_id,
        line_id,
        null::bigint as line_department_id,
        null::bigint as order_department_id,
        null::bigint as visit_department_id,
        null::bigint as practitioner_id,
        null::bigint as service_id,
        null::bigint as product_id,
        'service' as item_type,
        null::text as patient_type,
        quantity,
        price as unit_price,
        0::numeric as discount_amount,
        null::text as tax_code,
        vat as tax_rate,
        null::numeric as stated_tax_amount,
        0::numeric as payer_amount,
        changed as recorded_at,
        reject_reason,
        case when reject_reason is not null then raw_row end as rejected_row
    from judged_lines
)

select * from invoice_lines
