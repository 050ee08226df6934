-- demo.run: the one row of parameters; the runner fills it.

drop schema if exists demo cascade;
create schema demo;

create unlogged table demo.run (
    seed bigint not null,
    tenants integer not null,
    visits_per_day integer not null,
    patients integer not null,
    doctors integer not null,
    first_date date not null,
    last_date date not null,
    is_live boolean not null
);

create unlogged table demo.names as
select
    array[
        'Amina',
        'Blaise',
        'Carine',
        'David',
        'Esther',
        'Felix',
        'Grace',
        'Henri',
        'Irene',
        'Joseph',
        'Kezia',
        'Louis',
        'Mary',
        'Nadia',
        'Oscar',
        'Paul',
        'Ruth',
        'Samuel',
        'Tania',
        'Yves'
    ] as first_names,
    array[
        'Abega',
        'Brown',
        'Chinda',
        'Diallo',
        'Ekane',
        'Fotso',
        'Garcia',
        'Harris',
        'Ibrahim',
        'Johnson',
        'Kamga',
        'Lopez',
        'Mbarga',
        'Ngo',
        'Okafor',
        'Parker',
        'Reed',
        'Simo',
        'Tchana',
        'Wilson'
    ] as last_names;
