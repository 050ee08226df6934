-- Small tables for the joins of the large scripts.

create unlogged table demo.policies as
select
    pol.patient_id,
    min(pol.payer_id) as payer_id,
    min(pol.cover_rate) as cover_rate
from hms.patient_policies as pol
group by pol.patient_id;

create unlogged table demo.product_prices as
select
    pro.id as product_id,
    pro.hospital_id,
    pro.sale_price,
    pro.cost_price,
    pro.tax_code,
    tax.rate as tax_rate
from hms.products as pro
inner join
    hms.tax_codes as tax
    on tax.hospital_id = pro.hospital_id and tax.code = pro.tax_code;

create unlogged table demo.service_prices as
select pri.service_id, pri.price
from hms.price_list as pri
where pri.payer_id is null and pri.valid_to is null;

analyze demo.policies;
analyze demo.product_prices;
analyze demo.service_prices;
