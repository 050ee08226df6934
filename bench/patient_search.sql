-- a receptionist types the beginning of a name, a phone number or a patient number
select id, number, first_name, last_name, phone
from hms.patients
where
    hospital_id = 1
    and (
        lower(last_name) like 'ka%'
        or lower(first_name) like 'ka%'
        or phone like '+25470%'
        or number like 'P-0001%'
    )
order by last_name, first_name
limit 20
