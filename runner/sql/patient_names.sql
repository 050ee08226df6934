-- who patients are, for the logins that may know; made once, by a publication
do $$
begin
    if to_regclass('pub.dim_patient_names') is null or to_regclass('patients.names') is not null
    then
        return;
    end if;
    create view patients.names with (security_barrier = true) as
    select
        nam.tenant_id,
        nam.patient_id,
        nam.patient_number,
        nam.patient_name,
        nam.phone
    from pub.dim_patient_names as nam;
    comment on view patients.names is 'One row per patient of the tenant, by the key of the marts.';
    alter view patients.names owner to almoner_gate;
    grant select on patients.names to almoner_patient_names;
end
$$
