-- a number is never given twice: setval is on disk at once, where nextval alone may be a copied
-- database's, which a crash takes back
insert into almoner.releases (release_id, state, previous_release_id)
select
    setval(
        'almoner.release_numbers',
        greatest(
            nextval('almoner.release_numbers'),
            (select max(release_id) + 1 from almoner.releases)
        )
    )::int,
    'building',
    (select max(release_id) from almoner.releases where state = 'published')
returning release_id
