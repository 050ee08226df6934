"""`almoner build`: open a release, sync, run dbt, audit, publish; in one process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

from runner import (
    audits,
    compatibility,
    db,
    definitions,
    expectations,
    extraction,
    holds,
    inspection,
    load,
    planning,
    publication,
    raw,
    releases,
    room,
    sync,
    tenants,
)
from runner.dbt import Dbt, Node, Result, log_path, project_fingerprint
from runner.errors import AlmonerError, AuditError, DatabaseError
from runner.landing import Landing
from runner.planning import Step
from runner.settings import Settings


class Reporter(Protocol):
    """What a build tells while it runs."""

    def stage(self, name: str, detail: str = "") -> None:
        """Begin a stage: open, sync, dbt, publish."""

    def landed(self, landing: Landing) -> None:
        """Say what one source table brought."""

    def planned(self, steps: list[Step]) -> None:
        """Say what will be run."""

    def ran(self, result: Result) -> None:
        """Say how one node ended."""

    def unexpected(self, findings: list[expectations.Finding]) -> None:
        """Say what is not as expected of the landed rows."""


@dataclass(frozen=True)
class Options:
    """What a build is asked for beside the ordinary.

    `accept_deletions` lets many source rows vanish; `full` recomputes every model; `verify`
    compares every row of raw with its source; `expect` lets Great Expectations validate what
    landed; `take_over` ends a build that hangs.
    """

    accept_deletions: bool = False
    full: bool = False
    verify: bool = False
    expect: bool = False
    take_over: bool = False


ORDINARY = Options()


@dataclass(frozen=True)
class Outcome:
    """What a build did. `release` None: nothing was new, the last one stands.

    `current` is the newest release, `read` the one that tenants read: an older one after a
    rollback. `failures` are what audits found: their tenants are held back. `amiss` are the
    tenants that are held back or have rows set aside.
    """

    release: int | None
    current: int | None
    read: int | None
    rows_landed: int
    rows_deleted: int
    nodes: int
    tests: int
    tenants: int
    seconds: float
    amiss: list[releases.Amiss]
    failures: list[audits.Failure] = field(default_factory=list)
    stages: dict[str, float] = field(default_factory=dict)


class Builder:
    """Builds releases in one process, keeping dbt's manifest between them."""

    def __init__(self, settings: Settings, dsn: str) -> None:
        self._settings = settings
        self._dsn = dsn
        self._is_resident = False
        self._kept: db.Connection | None = None
        self._dbt = Dbt(dsn)
        self._nodes: dict[str, Node] = {}
        self._fingerprint = ""

    def build(self, report: Reporter, options: Options = ORDINARY) -> Outcome:
        """Make one release, or find that nothing is new.

        A tenant that an audit finds fault with is held back. Raises `AuditError` when that is
        every tenant, or it cannot be told whose the fault is; nothing is published then, and what
        the release wrote is undone.
        """
        with (
            self._connected() as connection,
            releases.builder(connection, take_over=options.take_over),
        ):
            releases.prepare(connection)
            return self._build(connection, report, options)

    @contextmanager
    def resident(self) -> Iterator[None]:
        """Keep the connection between builds, for as long as a process stays."""
        self._is_resident = True
        try:
            yield
        finally:
            self._is_resident = False
            self._forget()

    def configure(self, settings: Settings) -> None:
        """Follow settings that changed since the last build."""
        self._settings = settings

    @contextmanager
    def _connected(self) -> Iterator[db.Connection]:
        """Give the connection that is kept, or one for this build; one that failed is dropped."""
        if not self._is_resident:
            with db.connect(self._dsn) as connection:
                yield connection
            return
        try:
            if self._kept is None:
                self._stack = ExitStack()
                self._kept = self._stack.enter_context(db.connect(self._dsn))
            with db.blamed(self._kept, db.OWN):
                yield self._kept
        except BaseException:
            self._forget()
            raise

    def _forget(self) -> None:
        if self._kept is not None:
            self._kept = None
            self._stack.close()

    def _build(self, connection: db.Connection, report: Reporter, options: Options) -> Outcome:
        clock = _Clock(report)
        clock.stage("open")
        space = room.beneath(self._settings)
        space.require("a build")
        release = releases.open_release(connection)
        try:
            clock.stage("sync", f"release {release}")
            landings = sync.sync(
                connection, self._settings, release,
                accept_deletions=options.accept_deletions, verify=options.verify,
                report=report.landed,
            )  # fmt: skip
            if options.expect:
                clock.stage("expectations")
                self._expect(connection, release, report)
            clock.stage("plan")
            steps = self._plan(connection, options.full)
            if not steps and not self._has_news(connection, landings):
                releases.discard(connection, release)
                self._remember_fingerprint(connection)
                return clock.outcome(connection, None, landings, [], 0, holds.Verdict())
            snapshots = [step for step in steps if step.node.kind == "snapshot"]
            models = [step for step in steps if step not in snapshots]
            report.planned(models)
            whole = [step.node.name for step in models if step.mode == "full"]
            space.require_computing(connection, whole)
            self._remember_definitions(connection, steps)
            clock.stage("dbt")
            results = self._run(connection, release, models, report)
            verdict = _judge(connection, release, results)
            clock.stage("publish")
            tenants = publication.publish(self._dsn, connection, release, self._marts(), verdict)
        except BaseException as error:
            self._undo(release, error)
            raise
        if snapshots:
            clock.stage("snapshots", f"{len(snapshots)} tables")
            results += self._snapshot(connection, release, snapshots, report)
        self._remember_fingerprint(connection)
        return clock.outcome(connection, release, landings, results, tenants, verdict)

    def _expect(self, connection: db.Connection, release: int, report: Reporter) -> None:
        """Tell what is unexpected of the landed rows; stop at what may not be."""
        findings = expectations.check(connection, self._dsn, self._settings, release=release)
        report.unexpected([each for each in findings if not each.is_met])
        expectations.require(findings)

    def _undo(self, release: int, error: BaseException) -> None:
        """Revert on a connection of its own: the old one may be what failed."""
        try:
            with db.connect(self._dsn) as connection:
                releases.revert(connection, release, _reason(error))
        except AlmonerError:
            return  # the server is gone; the next build reverts

    def _plan(self, connection: db.Connection, full: bool) -> list[Step]:
        """Plan from the manifest; without loading dbt when neither files nor feeds changed."""
        systems = raw.landed_systems(connection)
        fingerprint = project_fingerprint(systems)
        if not full and planning.is_done(connection, fingerprint):
            return []
        if fingerprint != self._fingerprint:
            self._dbt = Dbt(self._dsn, systems)
            self._nodes = self._dbt.parse()
            self._fingerprint = fingerprint
        steps = planning.plan(self._nodes, planning.history(connection), full=full)
        if any(step.mode == "full" for step in steps):
            compatibility.check(connection, self._nodes.values())
        return steps

    def _has_news(self, connection: db.Connection, landings: list[Landing]) -> bool:
        """Tell whether there is something to publish though no node has to run."""
        if any(landing.is_change for landing in landings):
            return True
        return bool(self._nodes and publication.removed_marts(connection, self._marts()))

    def _remember_fingerprint(self, connection: db.Connection) -> None:
        """Remember the files that were planned from; without it dbt is parsed every time."""
        if self._fingerprint:
            connection.execute(db.script("remember_project"), (self._fingerprint,))

    def _remember_definitions(self, connection: db.Connection, steps: list[Step]) -> None:
        if any(step.mode == "full" for step in steps):
            parts = {node.definition: node.parts for node in self._nodes.values()}
            definitions.remember(connection, parts)

    def _run(
        self, connection: db.Connection, release: int, steps: list[Step], report: Reporter
    ) -> list[Result]:
        if not steps:
            return []
        with connection.transaction():
            for step in steps:
                connection.execute(
                    "insert into almoner.plans (release_id, model, mode, since, definition)"
                    " values (%s, %s, %s, %s, %s)",
                    (release, step.node.name, step.mode, step.since, step.node.definition),
                )
        # what held a tenant is asked again, whether or not its models run
        asked_again = sorted(set().union(*holds.failing(connection).values()))
        names = [step.node.name for step in steps] + asked_again
        is_whole = bool(asked_again) or any(step.mode == "full" for step in steps)
        results = self._dbt.build(names, release, is_whole, report.ran)
        bad = [result for result in results if not result.is_good and not result.is_finding]
        if bad:
            db.one(connection, "select 1")  # a lost server is not a failed audit
            raise _failure(bad, "the last published release is untouched")
        connection.execute(db.script("record_builds"), {"release": release})
        return results

    def _snapshot(
        self, connection: db.Connection, release: int, steps: list[Step], report: Reporter
    ) -> list[Result]:
        """Take the snapshots of what a release landed, now that it is published.

        Raises `AuditError` when one fails; the next build takes it again.
        """
        names = [step.node.name for step in steps]
        results = self._dbt.build(names, release, False, report.ran)
        bad = [result for result in results if not result.is_good]
        if bad:
            raise AuditError(
                f"release {release} is published; {_told(bad)}", "run `almoner build` again"
            )
        with connection.transaction():
            for step in steps:
                connection.execute(
                    "insert into almoner.model_builds (model, release_id, definition)"
                    " values (%s, %s, %s)",
                    (step.node.name, release, step.node.definition),
                )
        return results

    def _marts(self) -> set[str]:
        return {node.name for node in self._nodes.values() if node.kind == "mart"}


def _judge(connection: db.Connection, release: int, results: list[Result]) -> holds.Verdict:
    """Find out whose the rows are that audits found.

    Raises `AuditError` when no tenant would be left to publish for.
    """
    findings = [result for result in results if result.is_finding]
    verdict = holds.Verdict(
        audits.find(connection, release, findings),
        frozenset(result.name for result in results if result.kind == "test"),
    )
    if findings:
        tenants = db.rows(connection, "select tenant_id from core.dim_tenants")
        if {row["tenant_id"] for row in tenants} <= set(verdict.at_fault):
            raise _failure(findings, "the last published release is untouched")
    return verdict


def land(
    settings: Settings, dsn: str, *, accept_deletions: bool, verify: bool = False
) -> list[Landing]:
    """Sync without building: the rows wait in raw for the next build."""
    with _only_landing(dsn, "sync only") as (connection, release):
        return sync.sync(
            connection, settings, release, accept_deletions=accept_deletions, verify=verify
        )


def load_files(settings: Settings, dsn: str, batch: load.Batch) -> list[Landing]:
    """Load files without building: the rows wait in raw for the next build."""
    with _only_landing(dsn, "load only") as (connection, release), connection.transaction():
        removed = tenants.removed(connection).get(batch.source, [])
        source = settings.sources.get(batch.source)
        wanted = extraction.wanted(batch.source, source.tenants if source else None, removed)
        return load.land(connection, replace(batch, wanted=wanted), release)


def retry(settings: Settings, dsn: str, source: str | None) -> list[inspection.Retried]:
    """Judge again, without building, what could not land."""
    with _only_landing(dsn, "retry only") as (connection, release):
        return inspection.retry(connection, settings, source, release)


@contextmanager
def _only_landing(dsn: str, reason: str) -> Iterator[tuple[db.Connection, int]]:
    """Open a release to land in, and give it up afterwards; what landed stays."""
    with db.connect(dsn) as connection:
        releases.prepare(connection)
        with releases.builder(connection):
            release = releases.open_release(connection)
            try:
                yield connection, release
            finally:
                if not connection.closed:
                    releases.revert(connection, release, reason)


def audit(dsn: str) -> list[Result]:
    """Audit the whole history of the last published release; a build audits what it changed.

    Raises `AuditError` when a test fails, `ConfigError` if raw tables are newer than the release.
    """
    with db.connect(dsn) as connection:
        releases.prepare(connection)
        with releases.builder(connection):
            releases.require_built(connection)
            results = Dbt(dsn, raw.landed_systems(connection)).audit()
    bad = [result for result in results if not result.is_good]
    if bad:
        raise _failure(bad, "`almoner releases rollback` goes back to the release before")
    return results


def unhold(dsn: str, tenant: str, *, force: bool = False) -> int:
    """Let a tenant that is held read the newest release, and give that.

    Audits that hold it are asked again; raises `AuditError` if they still find fault with it,
    unless `force`.
    """
    with db.connect(dsn) as connection:
        releases.prepare(connection)
        with releases.builder(connection):
            if holds.require(connection, tenant) == "audit" and not force:
                _ask_again(dsn, connection, tenant)
            with connection.transaction():
                release = holds.lift(connection, tenant)
                publication.check_gate(connection)
                return release


def _ask_again(dsn: str, connection: db.Connection, tenant: str) -> None:
    names = holds.failing(connection)[tenant]
    results = Dbt(dsn, raw.landed_systems(connection)).audit(sorted(names))
    bad = [result for result in results if not result.is_good]
    if [result for result in bad if not result.is_finding]:
        raise _failure(bad, "the tenant stays held")
    found = [failure for result in bad for failure in audits.of(connection, result)]
    told = ", ".join(str(failure) for failure in found if failure.tenant == tenant)
    if told:
        raise AuditError(
            f"{tenant} stays held: {told}",
            "mend the rows in the source and run `almoner build`, or show its readers what is"
            f" there: `almoner releases unhold {tenant} --force`",
        )


class _Clock:
    """Times the stages of one build."""

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self._begun = self._stage_begun = time.monotonic()
        self._stage = ""
        self._stages: dict[str, float] = {}

    def stage(self, name: str, detail: str = "") -> None:
        self._close()
        self._stage = name
        self._report.stage(name, detail)

    def outcome(
        self,
        connection: db.Connection,
        release: int | None,
        landings: list[Landing],
        results: list[Result],
        tenants: int,
        verdict: holds.Verdict,
    ) -> Outcome:
        self._close()
        tests = sum(result.kind == "test" for result in results)
        return Outcome(
            release=release,
            current=releases.last_published(connection),
            read=releases.last_read(connection),
            rows_landed=sum(landing.landed for landing in landings),
            rows_deleted=sum(landing.deleted for landing in landings),
            nodes=sum(result.kind not in ("test", "operation") for result in results),
            tests=tests,
            tenants=tenants,
            seconds=round(time.monotonic() - self._begun, 3),
            amiss=releases.amiss(connection),
            failures=verdict.failures,
            stages=self._stages,
        )

    def _close(self) -> None:
        now = time.monotonic()
        if self._stage:
            self._stages[self._stage] = round(now - self._stage_begun, 3)
        self._stage_begun = now


def _reason(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    return str(error) or type(error).__name__


def _failure(bad: list[Result], now: str) -> AlmonerError:
    """Tell a lost connection from a failed audit."""
    lost = [result for result in bad if result.is_lost]
    if lost:
        return DatabaseError(
            f"lost the connection to Almoner's database: {_told(lost)}",
            "run `almoner build` again; the last published release is untouched",
        )
    return AuditError(
        _told(bad),
        f"mend what it names, then run `almoner build` ({log_path()} has dbt's SQL); {now}",
    )


def _told(bad: list[Result]) -> str:
    """Name what failed, the first with its message."""
    first = bad[0]
    more = f" (and {len(bad) - 1} more: {', '.join(r.name for r in bad[1:6])})" if bad[1:] else ""
    return f"{first.kind} {first.name}: {first.status}: {' '.join(first.message.split())}{more}"
