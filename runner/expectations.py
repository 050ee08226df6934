"""What Great Expectations expects of landed rows: suites written from the source contracts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from psycopg import sql

from runner import contracts, data_docs, db, project, raw
from runner.contracts import Column, Table
from runner.errors import AuditError, ConfigError
from runner.settings import Settings

EARLIEST = "1850-01-01"  # a patient's day of birth
AHEAD = timedelta(days=50 * 365)
LARGEST = 1e15
DEVIATIONS = 4
TYPES = {
    "timestamptz": "TIMESTAMP WITH TIME ZONE",
    "timestamp": "TIMESTAMP WITHOUT TIME ZONE",
    "time": "TIME WITHOUT TIME ZONE",
    "int": "INTEGER",
}


@dataclass(frozen=True)
class Batch:
    """The rows of one table of one source to look at, as a view that GX can read."""

    source: str
    table: Table
    view: str

    @property
    def name(self) -> str:
        return f"{self.source}.{self.table.source_name}"


@dataclass(frozen=True)
class Volume:
    """The rows a table landed in the last day, and what the 28 days before let expect."""

    source: str
    table: str
    rows: int
    least: int
    most: int


@dataclass(frozen=True)
class Finding:
    """One expectation of a batch and how it came out; never a value of a row.

    `unexpected` rows of `rows`; None where the expectation is of the table as such.
    """

    batch: str
    expects: str
    column: str | None
    severity: str
    is_met: bool
    rows: int | None
    unexpected: int | None


def docs() -> Path:
    """Give the folder of the Data Docs."""
    return project.state_dir() / "docs"


def check(
    connection: db.Connection,
    dsn: str,
    configured: Settings,
    *,
    release: int | None = None,
    source: str | None = None,
    table: str | None = None,
    whole: bool = False,
) -> list[Finding]:
    """Validate what landed since the last validation that a build passed, and write the docs.

    With `release`, the build's, the outcome counts for the next one.
    """
    since = 0 if whole else _validated(connection)
    chosen = _chosen(configured, source, table)
    with _batches(connection, chosen, since) as batches:
        volumes = [] if table else _volumes(connection, [name for name, _ in chosen])
        findings = _validate(dsn, batches, volumes)
    if release is not None:
        _record(connection, release, findings)
    return findings


def require(findings: list[Finding]) -> None:
    """Raise `AuditError` if an expectation that may not fail did."""
    failed = [each for each in findings if not each.is_met and each.severity == "error"]
    if failed:
        first = failed[0]
        column = f" {first.column}" if first.column else ""
        more = f" (and {len(failed) - 1} more)" if failed[1:] else ""
        raise AuditError(
            f"{first.batch}{column}: {first.expects} is not met{more}",
            f"`almoner expect` tells all, {docs()}/index.html shows it; mend the source or its"
            " contract, then run `almoner build`; the last published release is untouched",
        )


def _chosen(
    configured: Settings, source: str | None, table: str | None
) -> list[tuple[str, Table]]:
    if source is not None and source not in configured.sources:
        raise ConfigError(f"no source is called {source!r}", "`almoner status` lists the sources")
    found = [
        (name, each)
        for name, one in configured.sources.items()
        if source in (None, name)
        for each in contracts.load(one.system).tables
        if table in (None, each.name, each.source_name)
    ]
    if not found:
        raise ConfigError(
            f"no source has a table {table!r}", "its _sources.yml lists them; `almoner status`"
        )
    return found


def _validated(connection: db.Connection) -> int:
    row = db.one(
        connection,
        "select coalesce(max(release_id), 0) as release_id from almoner.validations"
        " where errors = 0",
    )
    return int(row["release_id"])


def _record(connection: db.Connection, release: int, findings: list[Finding]) -> None:
    missed = [each.severity for each in findings if not each.is_met]
    connection.execute(
        "insert into almoner.validations (release_id, validated_at, errors, warnings)"
        " values (%s, now(), %s, %s)",
        (release, missed.count("error"), missed.count("warning")),
    )


@contextmanager
def _batches(
    connection: db.Connection, chosen: list[tuple[str, Table]], since: int
) -> Iterator[list[Batch]]:
    """Make a view of the rows of each table that landed after a release; drop it at the end."""
    made: list[Batch] = []
    try:
        for source, table in chosen:
            view = f"expect_{connection.info.backend_pid}_{len(made)}"
            connection.execute(_view(source, table, view, since))
            made.append(Batch(source, table, view))
        yield [batch for batch in made if _has_rows(connection, batch)]
    finally:
        if not connection.closed:
            for batch in made:
                name = sql.Identifier("work", batch.view)
                connection.execute(sql.SQL("drop view if exists {}").format(name))


def _has_rows(connection: db.Connection, batch: Batch) -> bool:
    query = sql.SQL("select exists (select from {}) as yes").format(
        sql.Identifier("work", batch.view)
    )
    return bool(db.one(connection, query.as_string())["yes"])


def _view(source: str, table: Table, view: str, since: int) -> sql.Composed:
    orphans = [
        sql.SQL("{} as {}").format(_is_orphan(table, column), sql.Identifier(_orphan(column)))
        for column in table.columns
        if column.references
    ]
    columns = [raw.names(raw.columns_of(table), "cur"), *orphans]
    return sql.SQL(
        "create view {} as select {} from {} as cur"
        " where cur.source_id = {} and cur.landed_in > {}"
    ).format(
        sql.Identifier("work", view),
        sql.SQL(", ").join(columns),
        raw.relation(table),
        sql.Literal(source),
        sql.Literal(since),
    )


def _orphan(column: Column) -> str:
    return f"{column.name}_is_missing"


def _is_orphan(table: Table, column: Column) -> sql.Composed:
    """Write whether a row names a row that its tenant does not have."""
    named = next(
        each for each in contracts.load(table.system).tables if each.name == column.references
    )
    tenant = "and ref.tenant_id = cur.tenant_id" if table.tenant and named.tenant else ""
    # a source may lack the whole table
    there = "exists (select from {named} as ref where ref.source_id = cur.source_id) and"
    return sql.SQL(
        "(cur.{column} is not null and "
        f"{there if named.is_optional else ''} not exists (select from {{named}} as ref"
        f" where ref.source_id = cur.source_id {tenant} and ref.{{key}} = cur.{{column}}))"
    ).format(
        column=sql.Identifier(column.name),
        named=raw.relation(named),
        key=sql.Identifier(named.key[0]),
    )


def _volumes(connection: db.Connection, sources: list[str]) -> list[Volume]:
    found = db.rows(connection, db.script("volumes"), DEVIATIONS, DEVIATIONS, sources)
    return [Volume(**row) for row in found]


def _validate(dsn: str, batches: list[Batch], volumes: list[Volume]) -> list[Finding]:
    """Let Great Expectations run the suites and write its pages; its import takes seconds."""
    import great_expectations as gx
    from great_expectations.checkpoint import UpdateDataDocsAction

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    context.update_data_docs_site("local_site", data_docs.site(docs()))
    rows = context.data_sources.add_postgres("almoner", connection_string=_url(dsn))
    definitions = []
    for batch in batches:
        asset = rows.add_table_asset(batch.name, table_name=batch.view)
        suite = gx.ExpectationSuite(batch.name, expectations=list(_suite(batch.table)))
        definition = gx.ValidationDefinition(
            name=batch.name,
            data=asset.add_batch_definition_whole_table("landed"),
            suite=context.suites.add(suite),
        )
        definitions.append(context.validation_definitions.add(definition))
    if not definitions:
        data_docs.clear(docs())
        return _of_volumes(volumes)
    data_docs.clear(docs())
    checkpoint = gx.Checkpoint(
        name="landed",
        validation_definitions=definitions,
        # counts only: the pages hold no value of a row
        result_format={"result_format": "BASIC", "partial_unexpected_count": 0},
        actions=[UpdateDataDocsAction(name="docs")],
    )
    result = context.checkpoints.add(checkpoint).run()
    findings = [
        _finding(each.suite_name, one)
        for each in result.run_results.values()
        for one in each.results
    ]
    findings += _of_volumes(volumes)
    data_docs.finish(docs(), findings)
    return findings


def _url(dsn: str) -> str:
    """Write a DSN as SQLAlchemy reads it; a socket's directory goes beside a name it accepts."""
    from psycopg.conninfo import conninfo_to_dict
    from sqlalchemy.engine import URL

    known = {key: str(value) for key, value in conninfo_to_dict(dsn).items() if value is not None}
    known["options"] = "-c search_path=work"
    host = known.get("host", "localhost")
    if not host.startswith("/"):
        known.pop("host", None)
    url = URL.create(
        "postgresql+psycopg",
        host="localhost" if host.startswith("/") else host,
        port=int(known.pop("port", "5432")),
        username=known.pop("user", None),
        password=known.pop("password", None),
        database=known.pop("dbname", None),
        query=known,
    )
    return str(url.render_as_string(hide_password=False))


def _suite(table: Table) -> Iterator[Any]:
    import great_expectations.expectations as gxe

    names = [*raw.columns_of(table), *(_orphan(col) for col in table.columns if col.references)]
    yield gxe.ExpectTableColumnsToMatchSet(column_set=names, severity="critical")
    yield gxe.ExpectCompoundColumnsToBeUnique(
        column_list=list(raw.key_of(table)), severity="critical"
    )
    for column in table.columns:
        yield from _of_column(column)


def _of_column(column: Column) -> Iterator[Any]:
    import great_expectations.expectations as gxe

    yield gxe.ExpectColumnValuesToBeOfType(
        column=column.name,
        type_=TYPES.get(column.data_type, column.data_type.upper()),
        severity="critical",
    )
    if column.is_required:
        yield gxe.ExpectColumnValuesToNotBeNull(column=column.name, severity="critical")
    if column.accepted:
        yield gxe.ExpectColumnValuesToBeInSet(
            column=column.name, value_set=list(column.accepted), severity="warning"
        )
    if column.references:
        yield gxe.ExpectColumnValuesToBeInSet(
            column=_orphan(column), value_set=[False], severity="warning"
        )
    if column.data_type == "numeric":
        yield gxe.ExpectColumnValuesToBeBetween(
            column=column.name, min_value=-LARGEST, max_value=LARGEST, severity="warning"
        )
    if column.data_type in ("date", "timestamptz"):
        latest = (datetime.now() + AHEAD).date().isoformat()
        yield gxe.ExpectColumnValuesToBeBetween(
            column=column.name, min_value=EARLIEST, max_value=latest, severity="warning"
        )


def _finding(batch: str, result: Any) -> Finding:
    config = result.expectation_config
    return Finding(
        batch=batch,
        expects=config.type.removeprefix("expect_").replace("_", " "),
        column=config.kwargs.get("column"),
        severity="error" if config.severity == "critical" else "warning",
        is_met=bool(result.success),
        rows=result.result.get("element_count"),
        unexpected=result.result.get("unexpected_count"),
    )


def _of_volumes(volumes: list[Volume]) -> list[Finding]:
    return [
        Finding(
            batch=f"{each.source}.{each.table}",
            expects=f"rows of a day to be between {each.least:,} and {each.most:,}",
            column=None,
            severity="warning",
            is_met=each.least <= each.rows <= each.most,
            rows=each.rows,
            unexpected=None,
        )
        for each in volumes
    ]
