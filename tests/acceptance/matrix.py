"""Every relation of a database against every kind of reader: what each may read, and whose rows.

Relations come from the catalog, readers from the roles that can be granted and what a mart shows
to whom from its yml, so that one that is added is tried without being named here.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from runner import access, claims, db, roles
from runner.gates import GROUP
from runner.roles import API, DOCTOR, HEAD, Role
from tests.acceptance.conftest import END, Installation

HOUR = timedelta(hours=1)
SYSTEM = ("pg_catalog", "information_schema")
ALWAYS = {"administrator", "api", GROUP}  # the roles that read every mart
UNLESS_NAMED = ["accountant", "auditor"]

# all but indexes, types and what is kept aside of long values
RELATIONS = """
select nsp.nspname, cls.relname, array(
    select att.attname::text from pg_attribute as att
    where att.attrelid = cls.oid and att.attnum > 0 and not att.attisdropped
)
from pg_class as cls
inner join pg_namespace as nsp on cls.relnamespace = nsp.oid
where cls.relkind not in ('i', 'I', 'c', 't')
order by nsp.nspname, cls.relname
"""

MAY_WRITE = """
select nsp.nspname || '.' || cls.relname
from pg_class as cls
inner join pg_namespace as nsp on cls.relnamespace = nsp.oid
where
    nsp.nspname <> all(%s)
    and case
        when cls.relkind = 'S' then has_sequence_privilege(cls.oid, 'usage, update')
        when cls.relkind in ('i', 'I', 'c') then false
        else has_table_privilege(cls.oid, 'insert, update, delete, truncate, references, trigger')
        or has_any_column_privilege(cls.oid, 'insert, update, references')
    end
union all
select 'schema ' || nsp.nspname from pg_namespace as nsp
where has_schema_privilege(nsp.oid, 'create')
"""


@dataclass(frozen=True)
class Relation:
    """A table, partition, view, sequence or whatever else can stand after `from`."""

    schema: str
    name: str
    columns: tuple[str, ...]

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)

    @property
    def of_a_day(self) -> sql.SQL:
        """Limit what holds for each day to one of them."""
        return sql.SQL(f" where as_of_date = '{END}'" if "as_of_date" in self.columns else "")

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True)
class Reader:
    """A login, what it was granted as, and as what and for whom it reads.

    The two differ for an API's login, for which its claim speaks. No tenants: nobody's rows.
    """

    url: str
    login: Role
    role: Role
    tenants: tuple[str, ...]
    claim: str = ""

    def at(self, target: str) -> Reader:
        """Give the same reader of a copy of its database."""
        url = make_conninfo(self.url, dbname=conninfo_to_dict(target)["dbname"])
        return Reader(url, self.login, self.role, self.tenants, self.claim)

    def connect(self, known_at: str = "") -> psycopg.Connection[Any]:
        session = psycopg.connect(self.url, autocommit=True)
        session.execute(
            "select set_config('almoner.claim', %s, false),"
            " set_config('almoner.as_known_at', %s, false)",
            (self.claim, known_at),
        )
        return session

    def __str__(self) -> str:
        via = " by a claim" if self.claim else ""
        names = " with names" if self.login.patient_names else ""
        return f"{self.role.name}{names} of {', '.join(self.tenants) or 'nobody'}{via}"


@dataclass(frozen=True)
class Seen:
    """The rows that a reader sees: how many, and what tells them from others."""

    rows: int
    digest: int


@dataclass
class Found:
    """What came of every pair of a reader and a relation: who was refused, what others saw."""

    refused: set[tuple[str, str]] = field(default_factory=set)
    seen: dict[tuple[str, str, str], Seen] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def of(self, reader: str, asked: str = "") -> dict[str, Seen]:
        """Give what one reader saw, by relation."""
        return {
            relation: seen
            for (who, relation, then), seen in self.seen.items()
            if who == reader and then == asked
        }


def moved(before: Found, after: Found) -> list[str]:
    """Name what was seen both times, with its reader, and was not the same."""
    return sorted(
        f"{relation} of {who}{f' at {asked}' if asked else ''}"
        for (who, relation, asked), seen in after.seen.items()
        if before.seen.get((who, relation, asked), seen) != seen
    )


def readers(installation: Installation) -> list[Reader]:
    """Make a login of each kind that there is, of the first tenant, and some of the others."""
    first, *others = installation.tenants()
    scoped = _roles(installation, first)
    made = [_granted(installation, role, first) for role in (*scoped, *_with_names(scoped))]
    made += [
        _granted(installation, role, each) for each in others for role in _few(installation, each)
    ]
    groups = (Role(GROUP, tenants=tuple(others)), Role(GROUP, all_tenants=True))
    made += [_granted(installation, role, None) for role in groups]
    made += [_unbound(installation, role) for role in (scoped[0], groups[1])]
    api = _granted(installation, API, None)
    made += [_claiming(installation, api, role, first) for role in scoped]
    made += [_claiming(installation, api, Role(), each) for each in others]
    return [*made, api]


def _few(installation: Installation, tenant: str) -> list[Role]:
    """Give one role that sees all rows of a tenant and one that sees some."""
    return [role for role in _roles(installation, tenant) if role.name in ("administrator", HEAD)]


def _claiming(installation: Installation, api: Reader, role: Role, tenant: str) -> Reader:
    """Let an API's login read as what a claim says."""
    with installation.connect() as connection:
        claim = claims.make(connection, tenant, role, HOUR)
    return Reader(api.url, API, role, (tenant,), claim)


def _roles(installation: Installation, tenant: str) -> list[Role]:
    """Give each role of one tenant, with the scope that it needs."""
    with psycopg.connect(installation.target) as connection:
        row = connection.execute(
            "select (array_agg(distinct department_id order by department_id))[1:2],"
            " min(practitioner_id) from core.fct_postings where tenant_id = %s",
            (tenant,),
        ).fetchone()
    assert row is not None
    scopes = {HEAD: Role(HEAD, tuple(row[0])), DOCTOR: Role(DOCTOR, (), row[1])}
    return [scopes.get(name, Role(name)) for name in roles.ROLES]


def _with_names(scoped: list[Role]) -> list[Role]:
    return [
        replace(role, patient_names=True) for role in scoped if role.name not in (HEAD, DOCTOR)
    ]


def _granted(installation: Installation, role: Role, tenant: str | None) -> Reader:
    with installation.connect() as connection:
        made = access.grant(connection, installation.target, tenant, None, role)
    every = tuple(installation.tenants()) if role.all_tenants else role.tenants
    return Reader(made.dsn, role, role, every if tenant is None else (tenant,))


def _unbound(installation: Installation, role: Role) -> Reader:
    """Make a login whose role is there and whose tenant is not, as a restored server may have."""
    tenant = None if role.name == GROUP else installation.tenants()[0]
    made = _granted(installation, role, tenant)
    with installation.connect() as connection:
        connection.execute(
            "delete from almoner.readers where role_name = %s",
            (conninfo_to_dict(made.url)["user"],),
        )
    return Reader(made.url, role, role, ())


def relations(installation: Installation, *, of_the_system: bool = False) -> list[Relation]:
    """List every relation there is, the server's own ones apart."""
    with psycopg.connect(installation.target) as connection:
        found = connection.execute(RELATIONS).fetchall()
    return [
        Relation(schema, name, tuple(columns))
        for schema, name, columns in found
        if (schema in SYSTEM) == of_the_system
    ]


@dataclass(frozen=True)
class Pair:
    """A reader before a relation; `shown` is what the yml of a mart says of its readers."""

    reader: Reader
    relation: Relation
    shown: dict[str, Any]

    @property
    def may_read(self) -> bool:
        """Tell whether the reader's login should be let in at all."""
        login = self.reader.login
        if self.relation.schema == "patients":
            return login.patient_names
        schema = "marts_group" if login.name == GROUP else "marts"
        return self.relation.schema == schema and login.name in self._named

    @property
    def own(self) -> sql.Composable:
        """Say which rows are the reader's own."""
        if "tenant_id" not in self.relation.columns:
            return sql.SQL("false")
        role = self.reader.role
        parts: list[sql.Composable] = [
            sql.SQL("tenant_id = any({})").format(sql.Literal(list(self.reader.tenants)))
        ]
        if self.shown and role.name not in self._named:
            parts.append(sql.SQL("false"))
        if column := self.shown.get("row_scope", {}).get(role.name):
            keys = [key for key in (*role.departments, role.practitioner) if key is not None]
            parts.append(sql.SQL("{} = any({})").format(sql.Identifier(column), sql.Literal(keys)))
        return sql.SQL(" and ").join(parts)

    @property
    def query(self) -> sql.Composed:
        """Count the rows, digest them in any order, and count those that are not own."""
        return sql.SQL(
            "select count(*), coalesce(sum(hashtextextended(row({})::text, 0)::numeric), 0),"
            " count(*) filter (where ({}) is distinct from true) from {}{}"
        ).format(
            sql.SQL(", ").join(map(sql.Identifier, self.relation.columns)),
            self.own,
            self.relation.identifier,
            self.relation.of_a_day,
        )

    @property
    def _named(self) -> set[str]:
        """Name the roles that read a mart; none read what is not one."""
        if not self.shown:
            return set()
        named = self.shown.get("roles", UNLESS_NAMED)
        return {*ALWAYS, *named, *self.shown.get("row_scope", {})}


def search(
    installation: Installation, tried: list[Reader], known_at: tuple[str, ...] = ("",)
) -> Found:
    """Let each reader read each relation, as known at each of these releases."""
    found = Found()
    shown = _access_of_marts(installation)
    every = relations(installation)
    for reader in tried:
        pairs = [Pair(reader, relation, shown.get(relation.name, {})) for relation in every]
        for asked in known_at:
            with reader.connect(asked) as session:
                for pair in pairs:
                    # neither a claim nor a wish gives a right to a relation
                    if (reader.url, str(pair.relation)) not in found.refused:
                        _try(session, pair, asked, found)
        with reader.connect() as session:
            may = session.execute(MAY_WRITE, (list(SYSTEM),)).fetchall()
            found.faults += [f"{name} can be written to by {reader}" for (name,) in may]
    return found


def _access_of_marts(installation: Installation) -> dict[str, dict[str, Any]]:
    """Give what each mart's yml says of its readers."""
    with installation.connect() as connection:
        return {
            row["mart"]: {"is_mart": True, **(row["definition"]["meta"].get("access") or {})}
            for row in db.rows(connection, db.script("marts"))
        }


def _try(session: psycopg.Connection[Any], pair: Pair, asked: str, found: Found) -> None:
    relation, reader = pair.relation, pair.reader
    try:
        if pair.may_read:
            _count(session, pair, asked, found)
            return
        # a right to any column will do for this
        session.execute(sql.SQL("select from {} limit 0").format(relation.identifier))
    except psycopg.errors.InsufficientPrivilege:
        found.refused.add((reader.url, str(relation)))
        if pair.may_read:
            found.faults.append(f"{relation} is closed to {reader}")
        return
    found.faults.append(f"{relation} is open to {reader}")
    with suppress(psycopg.errors.InsufficientPrivilege):
        _count(session, pair, asked, found)


def _count(session: psycopg.Connection[Any], pair: Pair, asked: str, found: Found) -> None:
    row = session.execute(pair.query).fetchone()
    assert row is not None
    rows, digest, foreign = row
    found.seen[str(pair.reader), str(pair.relation), asked] = Seen(rows, int(digest))
    if foreign:
        found.faults.append(f"{pair.relation} shows {foreign} foreign rows to {pair.reader}")


def told_by_the_system(installation: Installation, reader: Reader, words: list[str]) -> list[str]:
    """Name the server's own relations of which a reader sees a row with one of these words."""
    found = []
    with reader.connect() as session:
        for relation in relations(installation, of_the_system=True):
            query = sql.SQL("select from {} as rel where rel::text like any(%s) limit 1").format(
                relation.identifier
            )
            try:
                rows = session.execute(query, ([f"%{word}%" for word in words],)).fetchall()
            except psycopg.errors.InsufficientPrivilege:
                continue
            found += [str(relation)] * bool(rows)
    return found


def without(reader: Reader, tenant: str) -> Reader:
    """Give a reader of whose tenants one was removed."""
    return replace(reader, tenants=tuple(each for each in reader.tenants if each != tenant))
