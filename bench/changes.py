"""Changed models: an added column or a changed expression, against the model's first build."""

from __future__ import annotations

from dataclasses import dataclass

import yaml
from psycopg import sql

from bench.grounds import Ground
from bench.measured import Result
from runner import db

RARE = 1009  # one row in so many differs


@dataclass(frozen=True)
class Change:
    """A model's change: a text of its SQL that is replaced, and the column that comes with it."""

    what: str
    model: str
    before: str
    after: str
    column: str = ""

    def apply(self, ground: Ground) -> None:
        """Edit the copy of the project."""
        path = ground.place.project / "models" / "core" / "finance" / f"{self.model}.sql"
        select = path.read_text()
        if self.before not in select:
            raise ValueError(f"{self.model} has no {self.before!r}: bench/changes.py is outdated")
        path.write_text(select.replace(self.before, self.after, 1))
        if self.column:
            about = path.with_suffix(".yml")
            content = yaml.safe_load(about.read_text())
            added = {"name": self.column, "data_type": "text", "description": "Added."}
            content["models"][0]["columns"].append(added)
            about.write_text(yaml.safe_dump(content, sort_keys=False))


INVOICES, POSTINGS = "select * from invoices_with_point", "select * from placed_postings"
CHANGES = (
    Change(
        "an added column, the same in every row", "fct_invoices", INVOICES,
        INVOICES.replace("*", "*, 'one'::text as bench_same"), "bench_same",
    ),
    Change(
        "an added column that differs in few rows", "fct_invoices", "bench_same",
        f"bench_same, case invoice_id % {RARE} when 0 then 'b' else 'a' end as bench_rare",
        "bench_rare",
    ),
    Change(
        "a changed expression that changes nothing", "fct_invoices",
        "else 'invoice_date'", "else lower('INVOICE_DATE')",
    ),
    Change(
        "a changed expression that changes few rows", "fct_invoices",
        "inv.invoice_number,",
        f"inv.invoice_number || case inv.invoice_id % {RARE} when 1 then '*' else '' end"
        " as invoice_number,",
    ),
    Change(
        "an added column, the same in every row", "fct_postings", POSTINGS,
        POSTINGS.replace("*", "*, 'one'::text as bench_same"), "bench_same",
    ),
    Change(
        "a changed expression that changes few rows", "fct_postings",
        "pos.payment_method,",
        f"pos.payment_method || case pos.document_id % {RARE} when 1 then '*' else '' end"
        " as payment_method,",
    ),
)  # fmt: skip


def changed_models(ground: Ground) -> list[Result]:
    """Change models one after the other and build after each."""
    return [_changed(ground, change) for change in CHANGES]


def _changed(ground: Ground, change: Change) -> Result:
    first = ground.first.nodes[change.model]
    before = _size(ground, change.model)
    change.apply(ground)
    made = ground.build()
    grown = (_size(ground, change.model) - before) / 2**20
    released = _released(ground, change.model, made.outcome.release or 0)
    return Result(
        f"{change.model}: {change.what}: the whole build", made.seconds,
        against="the model's part of the first build", yardstick=first,
        note=f"{released:,} rows differ, table {grown:+.0f} MB;"
        f" the model itself {made.nodes[change.model]:.1f} s",
    )  # fmt: skip


def _released(ground: Ground, model: str, release: int) -> int:
    """Count the rows that a release brought."""
    query = sql.SQL("select count(*) as rows from {} where released_in = {}").format(
        sql.Identifier("store", model), sql.Literal(release)
    )
    with db.connect(ground.target) as connection:
        return int(db.one(connection, query.as_string())["rows"])


def _size(ground: Ground, model: str) -> int:
    """Give the bytes of a model's table with its partitions and indexes."""
    with db.connect(ground.target) as connection:
        row = db.one(
            connection,
            "select sum(pg_total_relation_size(rel.oid))::bigint as bytes"
            " from pg_class as rel left join pg_inherits as inh on rel.oid = inh.inhrelid"
            " where %s::regclass in (rel.oid, inh.inhparent)",
            f"store.{model}",
        )
    return int(row["bytes"])
