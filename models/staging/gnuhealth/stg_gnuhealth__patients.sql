{# grain: one row per tenant and party it has invoiced or booked #}
with companies as (
    select * from {{ source('gnuhealth', 'company_company') }}
),

invoices as (
    select * from {{ source('gnuhealth', 'account_invoice') }}
),

moves as (
    select * from {{ source('gnuhealth', 'account_move') }}
),

move_lines as (
    select * from {{ source('gnuhealth', 'account_move_line') }}
),

parties as (
    select * from {{ source('gnuhealth', 'party_party') }}
),

tenant_parties as (
    select
        inv.tenant_id,
        inv.source_id,
        inv.party
    from invoices as inv
    union distinct
    select
        com.tenant_id,
        com.source_id,
        lin.party
    from companies as com
    inner join move_lines as lin on com.source_id = lin.source_id
    inner join moves as mov
        on com.tenant_id = mov.tenant_id and lin.move = mov.id
    where lin.party is not null
),

patients as (
    select
        ten.tenant_id,
        ten.party as patient_id,
        par.ref as patient_number,
        concat_ws(' ', par.name, par.lastname) as patient_name,
        null::text as phone,
        par.gender,
        par.dob as birth_date
    from tenant_parties as ten
    inner join parties as par
        on ten.source_id = par.source_id and ten.party = par.id
)

select * from patients
