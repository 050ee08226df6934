update almoner.pointers set release_id = %(release)s where release_id > %(release)s
