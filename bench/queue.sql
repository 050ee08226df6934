-- who waits for a doctor
select id, serial_number, patient_id, queue_position, entered_at
from hms.visits
where
    hospital_id = 1
    and doctor_id = (select min(id) from hms.doctors where hospital_id = 1)
    and status in ('waiting', 'in_consultation')
order by queue_position
