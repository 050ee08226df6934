"""`almoner build`: open a release, sync, run dbt, audit, publish; in one process."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from concurrent.futures import Future, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from runner import (
    audits,
    compatibility,
    db,
    definitions,
    expectations,
    holds,
    look,
    planning,
    project,
    publication,
    raw,
    releases,
    room,
    sync,
    write_offs,
)
from runner.dbt import Dbt, Result
from runner.errors import AlmonerError, AuditError
from runner.graph import Node
from runner.landing import Landing
from runner.planning import Step
from runner.settings import Settings
from runner.snapshots import Snapshots


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


@dataclass(frozen=True)
class _Ahead:
    """A parse of the project that began before it was needed."""

    fingerprint: str
    dbt: Dbt
    nodes: Future[dict[str, Node]]


class Builder:
    """Builds releases in one process, keeping dbt's manifest between them."""

    def __init__(self, settings: Settings, dsn: str) -> None:
        self._settings = settings
        self._dsn = dsn
        self._is_resident = False
        self._kept: db.Connection | None = None
        self._dbt = Dbt(dsn)
        self._ahead: _Ahead | None = None
        self._nodes: dict[str, Node] = {}
        self._fingerprint = ""
        self._states: dict[str, str] = {}  # of sources that had just what has landed

    def build(self, report: Reporter, options: Options = ORDINARY) -> Outcome:
        """Make one release, or find that nothing is new.

        A tenant that an audit finds fault with is held back. Raises `AuditError` when that is
        every tenant, or it cannot be told whose the fault is; nothing is published then, and what
        the release wrote is undone.
        """
        with (
            _undisturbed(),
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
        with Snapshots() as opened:
            if options == ORDINARY and self._is_quiet(connection, opened, clock):
                if self._settings.sources:
                    look.note(connection)
                return clock.outcome(connection, None, [], [], 0, holds.Verdict())
            return self._make(connection, clock, options, opened)

    def _is_quiet(self, connection: db.Connection, opened: Snapshots, clock: _Clock) -> bool:
        """Tell, by reading only, whether there is nothing to make a release of.

        What cannot be read is left to the sync to tell: that is part of a release.
        """
        fingerprint = project.fingerprint(raw.landed_systems(connection))
        if not planning.is_done(connection, fingerprint) or releases.is_interrupted(connection):
            return False
        if write_offs.waiting(connection):
            return False
        clock.stage("look")
        try:
            is_quiet = look.is_quiet(connection, self._settings, opened, self._states)
        except AlmonerError:
            opened.close()
            return False
        if is_quiet:
            self._states = dict(opened.states)
        return is_quiet

    def _make(
        self, connection: db.Connection, clock: _Clock, options: Options, opened: Snapshots
    ) -> Outcome:
        report = clock.report
        clock.stage("open")
        space = room.beneath(self._settings)
        space.require("a build")
        release = releases.open_release(connection)
        try:
            self._parse_ahead(connection)
            clock.stage("sync", f"release {release}")
            landings = sync.sync(
                connection, self._settings, release,
                accept_deletions=options.accept_deletions, verify=options.verify,
                report=report.landed, snapshots=opened,
            )  # fmt: skip
            self._states = dict(opened.states)
            write_offs.land(connection, release)
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
        fingerprint = project.fingerprint(systems)
        if not full and planning.is_done(connection, fingerprint):
            return []
        if fingerprint != self._fingerprint:
            self._dbt, self._nodes = self._parsed(systems, fingerprint)
            self._fingerprint = fingerprint
        steps = planning.plan(self._nodes, planning.history(connection), full=full)
        if any(step.mode == "full" for step in steps):
            compatibility.check(connection, self._nodes.values())
        return steps

    def _parse_ahead(self, connection: db.Connection) -> None:
        """Parse while sync runs, if the files are not those of the last release."""
        configured = {source.system for source in self._settings.sources.values()}
        systems = sorted(configured.union(raw.landed_systems(connection)))
        fingerprint = project.fingerprint(systems)
        if self._ahead or fingerprint in (self._fingerprint, planning.remembered(connection)):
            return
        parser = Dbt(self._dsn, systems)
        self._ahead = _Ahead(fingerprint, parser, parser.parse_beside())

    def _parsed(self, systems: list[str], fingerprint: str) -> tuple[Dbt, dict[str, Node]]:
        """Take what was parsed ahead, if it is of these files; dbt does one thing at a time."""
        ahead, self._ahead = self._ahead, None
        if ahead and ahead.fingerprint == fingerprint:
            return ahead.dbt, ahead.nodes.result()
        if ahead:
            wait([ahead.nodes])
        parser = Dbt(self._dsn, systems)
        return parser, parser.parse()

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
        regrained = planning.regrained(self._nodes.values(), steps)
        results = self._dbt.build(names, release, report.ran, regrained)
        bad = [result for result in results if not result.is_good and not result.is_finding]
        if bad:
            db.one(connection, "select 1")  # a lost server is not a failed audit
            raise audits.failure(bad, "the last published release is untouched")
        connection.execute(db.script("record_builds"), {"release": release})
        return results

    def _snapshot(
        self, connection: db.Connection, release: int, steps: list[Step], report: Reporter
    ) -> list[Result]:
        """Take the snapshots of what a release landed, now that it is published.

        Raises `AuditError` when one fails; the next build takes it again.
        """
        names = [step.node.name for step in steps]
        results = self._dbt.build(names, release, report.ran)
        bad = [result for result in results if not result.is_good]
        if bad:
            raise AuditError(
                f"release {release} is published; {audits.told(bad)}", "run `almoner build` again"
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


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let Python look for cycles between builds: in the midst of one it takes 0.3 s."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


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
            raise audits.failure(findings, "the last published release is untouched")
    return verdict


class _Clock:
    """Times the stages of one build."""

    def __init__(self, report: Reporter) -> None:
        self.report = report
        self._begun = self._stage_begun = time.monotonic()
        self._stage = ""
        self._stages: dict[str, float] = {}

    def stage(self, name: str, detail: str = "") -> None:
        self._close()
        self._stage = name
        self.report.stage(name, detail)

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
