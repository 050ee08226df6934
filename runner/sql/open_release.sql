insert into almoner.releases (release_id, state, previous_release_id)
select
    nextval('almoner.release_numbers')::int,
    'building',
    (select max(release_id) from almoner.releases where state = 'published')
returning release_id
