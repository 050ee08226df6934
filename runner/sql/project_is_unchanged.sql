-- nothing to plan: the files are those of the last publication, and no source has news
-- since, not even from a release that was reverted
select
    exists (
        select from almoner.project_files as fil
        where
            fil.fingerprint = %s
            and not exists (
                select from almoner.feed_log as log
                where log.release_id > fil.release_id
            )
    ) as is_unchanged
