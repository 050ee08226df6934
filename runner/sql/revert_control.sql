-- views, seeds and marts were made anew in place, so what was recorded of them is void;
-- released models go back to what the release before recorded
with replaced as (
    delete from almoner.plans
    where release_id = %(release)s
    returning model
),

forgotten as (
    delete from almoner.model_builds as bld
    using replaced as rep
    where
        bld.model = rep.model
        and (
            bld.release_id = %(release)s
            or to_regclass('store.' || quote_ident(bld.model)) is null
        )
),

-- the next build has to plan, even if the files are again those of the last publication
unplanned as (
    delete from almoner.project_files
    where exists (select from replaced)
),

unfed as (
    delete from almoner.feed_log
    where
        release_id = %(release)s
        and feed not like 'raw\_%%'
        and feed not like 'quarantine\_%%'
        and feed not like 'almoner\_%%'
)

delete from almoner.mart_definitions where release_id = %(release)s
