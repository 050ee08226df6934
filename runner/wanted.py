"""Which tenants of a source land."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from psycopg import sql

from runner import db
from runner.settings import Source


@dataclass(frozen=True)
class Wanted:
    """Which tenants of a source land: those that are listed (None: all), but no removed one."""

    listed: tuple[str, ...] | None = None
    removed: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Tell one choice from another; empty for all tenants."""
        chosen = repr((self.listed, self.removed))
        return "" if self == Wanted() else f"~{hashlib.sha256(chosen.encode()).hexdigest()[:12]}"

    def condition(self, tenant: sql.Composable) -> sql.Composable:
        """Say whether a tenant is wanted."""
        parts = [sql.SQL("{} <> all({}::text[])").format(tenant, sql.Literal(list(self.removed)))]
        if self.listed is not None:
            parts.append(
                sql.SQL("{} = any({}::text[])").format(tenant, sql.Literal(list(self.listed)))
            )
        return sql.SQL("({})").format(sql.SQL(" and ").join(parts))


def of(target: db.Connection, name: str, source: Source | None) -> Wanted:
    """Ask which tenants of a source land: what `almoner.yml` lists, less the removed ones.

    `source` None: it is not in `almoner.yml`, files of it are loaded.
    """
    removed = db.rows(
        target,
        "select tenant_id from almoner.removed_tenants where source_id = %s order by tenant_id",
        name,
    )
    listed = None
    if source is not None and source.tenants is not None:
        listed = tuple(sorted(f"{name}_{key}" for key in source.tenants))
    return Wanted(listed, tuple(row["tenant_id"] for row in removed))
