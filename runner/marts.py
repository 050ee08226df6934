"""What the published marts are: description, grain, columns, freshness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runner import db
from runner.errors import ConfigError

DATE_COLUMNS = ("as_of_date", "business_date", "month_start_date")


@dataclass(frozen=True)
class Column:
    """A column of a mart."""

    name: str
    data_type: str
    description: str

    @property
    def is_text(self) -> bool:
        return self.data_type.split("(")[0] in ("text", "varchar", "character varying")


@dataclass(frozen=True)
class Mart:
    """A published mart. `changed_in` is the last release that changed rows beneath it.

    `reads` are the released tables and marts that it reads itself.
    """

    name: str
    description: str
    grain: tuple[str, ...]
    columns: tuple[Column, ...]
    reads: tuple[str, ...]
    changed_in: int | None
    changed_at: Any

    @property
    def date_column(self) -> str | None:
        """The date that exports filter by: as of, business date or month."""
        names = {column.name for column in self.columns}
        return next((name for name in DATE_COLUMNS if name in names), None)


def listing(connection: db.Connection) -> list[Mart]:
    """List the published marts by name."""
    return [
        Mart(
            name=row["mart"],
            description=row["definition"]["description"].strip(),
            grain=tuple(row["definition"]["meta"].get("grain", ())),
            columns=tuple(
                Column(col["name"], col["data_type"], col["description"].strip())
                for col in row["definition"]["columns"]
            ),
            reads=tuple(row["definition"]["reads"]),
            changed_in=row["changed_in"],
            changed_at=row["changed_at"],
        )
        for row in db.rows(connection, db.script("marts"))
    ]


def find(connection: db.Connection, name: str) -> Mart:
    """Give one published mart.

    Raises `ConfigError` naming the marts there are.
    """
    known = listing(connection)
    for mart in known:
        if mart.name == name:
            return mart
    names = ", ".join(mart.name for mart in known)
    raise ConfigError(
        f"there is no mart {name}",
        f"`almoner marts` lists them: {names}" if names else "run `almoner build` first",
    )
