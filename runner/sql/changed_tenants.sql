-- the tenants with a row that one of the two releases has and the other has not
select distinct sto.tenant_id
from {store} as sto
where
    sto.tenant_id = any({tenants})
    and (
        (sto.released_in > {before} and sto.released_in <= {after})
        or (sto.retired_in > {before} and sto.retired_in <= {after})
    )
