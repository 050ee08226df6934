insert into almoner.landed_files (
    release_id, source_id, table_name, path, is_appended, size, modified_ns, sha256,
    rows_read, rows_landed, rows_quarantined
)
values (
    %(release)s, %(source)s, %(table)s, %(path)s, %(is_appended)s, %(size)s, %(modified_ns)s,
    %(sha256)s, %(read)s, %(read)s - %(aside)s, %(aside)s
)
