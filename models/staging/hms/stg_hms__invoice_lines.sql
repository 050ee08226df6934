{# grain: one row per invoice item #}
with invoice_items as (
    select * from {{ source('hms', 'invoice_items') }}
),

invoice_headers as (
    select * from {{ ref('stg_hms__invoice_headers') }}
),

visits as (
    select * from {{ source('hms', 'visits') }}
),

test_orders as (
    select * from {{ source('hms', 'test_orders') }}
),

pharmacy_sales as (
    select * from {{ source('hms', 'pharmacy_sales') }}
),

judged_items as (
    select
        itm.*,
        coalesce(ord.department_id, sal.department_id) as order_department_id,
        vis.department_id as visit_department_id,
        vis.visit_type as patient_type,
        case
            when inv.invoice_id is null then 'line without its invoice'
            when inv.reject_reason is not null then 'line of an invoice set aside'
            when (itm.quantity >= 0 and {{ is_bounded('itm.quantity') }}) is not true
                then 'line without a valid quantity'
            when
                (itm.unit_price >= 0 and {{ is_bounded('itm.unit_price') }}) is not true
                then 'line without a valid price'
            when
                (
                    coalesce(itm.discount_amount, 0)
                    between 0 and itm.quantity * itm.unit_price
                ) is not true
                then 'line with a discount beyond its price'
            when itm.tax_rate < 0 or not {{ is_bounded('itm.tax_rate') }}
                then 'line without a valid tax rate'
            when itm.tax_amount < 0 or not {{ is_bounded('itm.tax_amount') }}
                then 'line without a valid tax amount'
            when
                itm.payer_amount < 0 or not {{ is_bounded('itm.payer_amount') }}
                then 'line without a valid payer share'
            when
                not {{ is_bounded(
                    'greatest('
                    ~ 'itm.quantity * itm.unit_price '
                    ~ '* (1 + coalesce(itm.tax_rate, 0) / 100), '
                    ~ 'itm.quantity * itm.unit_price + itm.tax_amount'
                    ~ ') * greatest(inv.base_rate, 1)'
                ) }}
                then 'line without a valid amount'
        end as reject_reason,
        to_jsonb(itm.*) - 'landed_in' as raw_row
    from invoice_items as itm
    left join invoice_headers as inv
        on itm.tenant_id = inv.tenant_id and itm.invoice_id = inv.invoice_id
    left join visits as vis
        on inv.tenant_id = vis.tenant_id and inv.visit_id = vis.id
    left join test_orders as ord
        on
            inv.tenant_id = ord.tenant_id
            and inv.billable_id = ord.id
            and inv.billable_type = 'test_order'
    left join pharmacy_sales as sal
        on
            inv.tenant_id = sal.tenant_id
            and inv.billable_id = sal.id
            and inv.billable_type = 'pharmacy_sale'
),

invoice_lines as (
    select
        tenant_id,
        invoice_id,
        id as line_id,
        department_id as line_department_id,
        order_department_id,
        visit_department_id,
        doctor_id as practitioner_id,
        case when item_type <> 'product' then item_id end as service_id,
        case when item_type = 'product' then item_id end as product_id,
        item_type,
        patient_type,
        quantity,
        unit_price,
        coalesce(discount_amount, 0) as discount_amount,
        tax_code,
        coalesce(tax_rate, 0) as tax_rate,
        tax_amount as stated_tax_amount,
        coalesce(payer_amount, 0) as payer_amount,
        updated_at as recorded_at,
        reject_reason,
        case when reject_reason is not null then raw_row end as rejected_row
    from judged_items
)

select * from invoice_lines
