"""The two gates that readers read through: one tenant's, and that of several tenants."""

from __future__ import annotations

import re
from dataclasses import dataclass

from psycopg import sql

GROUP = "group"


@dataclass(frozen=True)
class Gate:
    """A role that owns views of the released tables and, over them, of the marts."""

    owner: str
    inner: str  # schema of the views that marts are written over
    marts: str  # schema that its readers see
    is_of_groups: bool

    def written_over(self, statement: str, reads: list[str]) -> sql.SQL:
        """Give a mart's SQL, which names the one tenant's gate, with this gate's names."""
        names = "|".join(map(re.escape, reads))
        return sql.SQL(re.sub(rf'\bpub\.(?="?(?:{names})\b)', f"{self.inner}.", statement))

    def readers(self, named: list[str]) -> list[str]:
        """Give those of a mart's roles that read through this gate."""
        return [role for role in named if (role == GROUP) == self.is_of_groups]


GATES = (
    Gate("almoner_gate", "pub", "marts", False),
    Gate("almoner_group_gate", "pub_group", "marts_group", True),
)


def of(role: str) -> Gate:
    """Give the gate that a role reads through."""
    return next(gate for gate in GATES if gate.readers([role]))
