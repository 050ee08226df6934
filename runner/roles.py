"""What a reader may be, and which rows of a mart each role sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import sql

from runner.errors import ConfigError
from runner.gates import GROUP

HEAD, DOCTOR = "department_head", "doctor"
ROLES = ("administrator", "accountant", "auditor", HEAD, DOCTOR)

# how a row is told to be the reader's own, by role
OWN = {
    HEAD: sql.SQL("{} = any((select almoner.reader_departments())::bigint[])"),
    DOCTOR: sql.SQL("{} = (select almoner.reader_practitioner())"),
}


@dataclass(frozen=True)
class Role:
    """A role: a department head's has departments, a doctor's a key, a group reader's tenants."""

    name: str = "administrator"
    departments: tuple[int, ...] = ()
    practitioner: int | None = None
    patient_names: bool = False
    tenants: tuple[str, ...] = ()
    all_tenants: bool = False

    def check(self) -> Role:
        """Raise `ConfigError` unless the role has the scope that it needs, and no other."""
        if bool(self.departments) != (self.name == HEAD):
            raise ConfigError(
                f"a {self.name} {'needs a' if self.name == HEAD else 'has no'} department",
                "`almoner access grant --tenant T --role department_head --department ID`",
            )
        if (self.practitioner is not None) != (self.name == DOCTOR):
            raise ConfigError(
                f"a {self.name} {'needs a' if self.name == DOCTOR else 'has no'} practitioner",
                "`almoner access grant --tenant T --role doctor --practitioner ID`",
            )
        told = "listed tenants, or all" if self.name == GROUP else "one tenant"
        if (bool(self.tenants) + self.all_tenants) != (self.name == GROUP):
            raise ConfigError(
                f"the role {self.name} reads {told}",
                "`almoner access grant --tenants A,B --role group`, or --all-tenants",
            )
        if self.patient_names and self.name == GROUP:
            raise ConfigError(
                "a group reader cannot read who patients are",
                "`almoner access grant --tenant T --patient-names`, for each tenant",
            )
        if self.patient_names and self.name in (HEAD, DOCTOR):
            raise ConfigError(
                f"a {self.name} sees own rows, and patients.names has no scope",
                "`almoner access grant --tenant T --role accountant --patient-names`",
            )
        return self

    @property
    def groups(self) -> list[str]:
        """Name the PostgreSQL roles that hold what it may."""
        return [group_role(self.name), *(["almoner_patient_names"] if self.patient_names else [])]


ADMINISTRATOR = Role()
API = Role("api")


# what sql/control/schemas.sql makes, once for all databases of a server
POSTGRESQL = (
    "almoner_gate",
    "almoner_group_gate",
    "almoner_reader",
    *(f"almoner_{name}" for name in (*ROLES, "api", "group", "patient_names")),
)


def group_role(name: str) -> str:
    """Name the PostgreSQL role that holds the grants of a role."""
    return f"almoner_{name}"


def condition(definition: dict[str, Any], readers: list[str]) -> sql.Composed:
    """Say which rows of a mart these of its readers see.

    Written so that the planner expects every row to pass, and plans as it does without.
    """
    scopes = (definition["meta"].get("access") or {}).get("row_scope") or {}
    parts = [sql.SQL("(select almoner.reader_role()) = any({})").format(sql.Literal(readers))]
    for role, column in sorted((role, scopes[role]) for role in scopes if role in readers):
        parts.append(
            sql.SQL("((select almoner.reader_role()) <> {} or {})").format(
                sql.Literal(role), OWN[role].format(sql.Identifier(column))
            )
        )
    return sql.SQL(" and ").join(parts)
