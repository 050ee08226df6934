"""The only module that imports dbt: parse the project, run nodes, read results."""

from __future__ import annotations

import gc
import hashlib
import os
from collections.abc import Callable, Container, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

import yaml
from psycopg.conninfo import conninfo_to_dict

from runner import graph, project
from runner.errors import ConfigError
from runner.tables import counted

T = TypeVar("T")
OWN = "almoner"  # the system of what people tell Almoner itself; always there
CHOSEN = "chosen_to_run"  # the tag of the nodes of one build
KNOWN = "known_to_hold"  # the tag of the tests that one build can leave out
MEND = "mend what dbt names, then run `almoner build`"
# models at once: half the processors, as far as this machine tells of the server's; with
# more, readers of a small server wait
THREADS = max(2, min(4, (os.cpu_count() or 4) // 2))
# what libpq says when a server goes away
_LOST = (
    "terminating connection",
    "server closed the connection",
    "connection already closed",
    "could not connect",
    "connection to server",
    "SSL connection has been closed",
)
PROFILE = {
    project.NAME: {
        "target": "release",
        "outputs": {
            "release": {
                "type": "postgres",
                "host": "{{ env_var('ALMONER_DBT_HOST') }}",
                "port": "{{ env_var('ALMONER_DBT_PORT') | as_number }}",
                "user": "{{ env_var('ALMONER_DBT_USER') }}",
                "password": "{{ env_var('ALMONER_DBT_PASSWORD') }}",
                "dbname": "{{ env_var('ALMONER_DBT_DATABASE') }}",
                "sslmode": "{{ env_var('ALMONER_DBT_SSLMODE') }}",
                "schema": "core",
                "threads": THREADS,
                "connect_timeout": 10,
                # by this name `releases.builder` finds them
                "application_name": "almoner_dbt",
            }
        },
    }
}
# where the project is parsed for: a parse connects to nothing
ANY_DATABASE = "any_database"


@dataclass(frozen=True)
class Result:
    """How one node ended: status, message and the seconds it took; of a test its SQL."""

    name: str
    kind: str
    status: str
    message: str
    seconds: float
    failures: int
    compiled: str = ""

    @property
    def is_good(self) -> bool:
        return self.status in ("success", "pass", "skipped", "no-op")

    @property
    def is_finding(self) -> bool:
        """Tell whether the node is an audit that ran and found rows."""
        return self.kind == "test" and self.status == "fail"

    @property
    def is_lost(self) -> bool:
        """Tell whether the node failed because its connection was lost."""
        return not self.is_good and any(sign in self.message for sign in _LOST)


class Dbt:
    """dbt in this process, with its manifest kept between invocations."""

    def __init__(self, dsn: str, systems: Iterable[str] = ()) -> None:
        self._dsn = dsn
        named = tuple(systems)
        self._systems = (*named, OWN) if named else ()
        self._manifest: Any = None

    def parse(self) -> dict[str, graph.Node]:
        """Parse the project and give its nodes, in an order in which inputs come first.

        Core reads the `systems` that were named, else every one.

        Raises `ConfigError` with dbt's own message when the project is not valid.
        """
        self._manifest = self._read_project()
        _let_findings_pass(self._manifest)
        self._manifest.unit_tests.clear()  # a build runs none; each lengthens its beginning
        nodes = graph.nodes(self._manifest)
        return graph.without_idle_views(nodes, self._systems) if self._systems else nodes

    def parse_beside(self) -> Future[dict[str, graph.Node]]:
        """Parse in a thread of its own, which ends with the process."""
        return _started(self.parse)

    def build(
        self,
        names: Iterable[str],
        release: int,
        report: Callable[[Result], None],
        regrained: Container[str] = (),
    ) -> list[Result]:
        """Run seeds, models, snapshots, the audits upon them, and audits that are named.

        The grain of a mart follows from its SQL and its inputs' keys: that of `regrained` marts
        is tested, and of all by `audit`. Unit tests are for `make test`.
        """

        def on_event(event: Any) -> None:
            if event.info.name in _RESULTS:
                report(_from_event(event))

        with _tagged(self._manifest, set(names), regrained):
            return self._invoke(
                self._manifest, "build", "--no-populate-cache",
                "--select", f"tag:{CHOSEN}", "--exclude", f"tag:{KNOWN}",
                release=release, callbacks=[on_event],
            )  # fmt: skip

    def audit(self, names: Iterable[str] = ()) -> list[Result]:
        """Run every audit and data test, or those that are named, over the whole history."""
        chosen = list(names)
        selection = ["--select", *chosen] if chosen else ["--exclude", "test_type:unit"]
        return self._invoke(self._read_project(), "test", *selection)

    def unit_tests(self) -> list[Result]:
        """Run the models' unit tests, with every view there; the tables must have been built."""
        manifest = self._read_project()
        self._invoke(manifest, "run", "--select", "config.materialized:view")
        return self._invoke(manifest, "test", "--select", "test_type:unit")

    def _read_project(self) -> Any:
        """Parse the project, and say in its manifest which database it is for.

        The files are the same for each database, but for another dbt would parse them anew.
        """
        from dbt.cli.main import dbtRunner

        _hurry()
        with self._environment(f"dbname={ANY_DATABASE}"):
            outcome = dbtRunner().invoke(["parse", *self._common()])
        if not outcome.success:
            _pass_on_interrupt(outcome)
            raise ConfigError(
                f"the dbt project is not valid: {str(outcome.exception).strip()}",
                MEND,
            )
        manifest: Any = outcome.result
        database = _profile_values(self._dsn)["ALMONER_DBT_DATABASE"]
        for node in (*manifest.nodes.values(), *manifest.sources.values()):
            node.database = database
            if node.relation_name:
                node.relation_name = node.relation_name.replace(ANY_DATABASE, database, 1)
        manifest.build_flat_graph()  # what macros see of it
        return manifest

    def _invoke(
        self,
        manifest: Any,
        command: str,
        *arguments: str,
        release: int | None = None,
        callbacks: Iterable[Callable[[Any], None]] = (),
    ) -> list[Result]:
        from dbt.cli.main import dbtRunner

        with self._environment(self._dsn, release):
            outcome = dbtRunner(manifest=manifest, callbacks=list(callbacks)).invoke(
                [command, *self._common(), *arguments]
            )
        if outcome.result is None:
            _pass_on_interrupt(outcome)
            raise ConfigError(f"dbt could not run: {str(outcome.exception).strip()}", MEND)
        return [_from_result(entry) for entry in outcome.result.results]

    @property
    def _target_path(self) -> Path:
        """Give each project a directory: for another dbt parses everything anew."""
        digest = hashlib.sha256(str(project.root()).encode()).hexdigest()
        return project.state_dir() / "dbt" / "target" / digest[:12]

    def _common(self) -> list[str]:
        directory = project.state_dir() / "dbt"
        return [
            "--project-dir", str(project.root()), "--profiles-dir", str(directory),
            "--target-path", str(self._target_path), "--log-path", str(directory / "logs"),
            "--log-level", "none", "--log-level-file", "info", "--no-print", "--no-version-check",
            "--no-write-json",
        ]  # fmt: skip

    @contextmanager
    def _environment(self, dsn: str, release: int | None = None) -> Iterator[None]:
        """Name the server and the release in the environment, for as long as dbt runs."""
        directory = project.state_dir() / "dbt"
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        profile = directory / "profiles.yml"
        text = yaml.safe_dump(PROFILE)
        if not profile.is_file() or profile.read_text() != text:
            profile.write_text(text)
        values = _profile_values(dsn)
        if self._systems:
            values["ALMONER_SYSTEMS"] = " ".join(self._systems)
        if release is not None:
            # a server's own jit compiles each small recompute for minutes: before PostgreSQL 18
            # the planner's costs are huge where a join method is switched off. And no node waits
            # for the disk: what it wrote is in the log before its publication, which waits
            values["PGOPTIONS"] = (
                f"-c almoner.release={release} -c client_connection_check_interval=1s -c jit=off"
                " -c synchronous_commit=off"
            )
        before = {name: os.environ.get(name) for name in values}
        os.environ.update(values)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def _started(work: Callable[[], T]) -> Future[T]:
    """Do work in a thread of its own, which ends with the process."""
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)

    Thread(target=run, daemon=True).start()
    return done


def _profile_values(dsn: str) -> dict[str, str]:
    """Give what the profile asks the environment for."""
    known = conninfo_to_dict(dsn)
    return {
        "ALMONER_DBT_HOST": str(known.get("host") or "localhost"),
        "ALMONER_DBT_PORT": str(known.get("port") or 5432),
        "ALMONER_DBT_USER": str(known.get("user") or ""),
        "ALMONER_DBT_PASSWORD": str(known.get("password") or ""),
        "ALMONER_DBT_DATABASE": str(known.get("dbname") or ""),
        "ALMONER_DBT_SSLMODE": str(known.get("sslmode") or "prefer"),
    }


@cache
def _hurry() -> None:
    """Let dbt not look for cycles among what it makes all the time, a seventh of its time."""
    gc.set_threshold(1_000_000)
    _heed_what_is_logged()
    _keep_connections()
    _keep_types()
    _take_first_what_most_waits_for()
    _notice_what_is_put_back()


def _heed_what_is_logged() -> None:
    """Let dbt not make and write events that no log takes: for debugging, a third of its time."""
    from dbt_common.events.base_types import BaseEvent, DebugLevel, EventLevel
    from dbt_common.events.event_manager import EventManager
    from dbt_common.events.event_manager_client import ctx_set_event_manager

    class Heeded(EventManager):
        def fire_event(
            self, e: BaseEvent, level: EventLevel | None = None, *args: Any, **named: Any
        ) -> None:
            if (level or e.level_tag()) != EventLevel.DEBUG:
                super().fire_event(e, level, *args, **named)

    def begin(event: DebugLevel, *args: Any, **named: Any) -> None:
        vars(event)["unread"] = args, named

    def read(event: DebugLevel, name: str) -> Any:
        if "unread" in vars(event):
            args, named = vars(event).pop("unread")
            BaseEvent.__init__(event, *args, **named)
            return getattr(event, name)
        return BaseEvent.__getattr__(event, name)  # type: ignore[no-untyped-call]

    DebugLevel.__init__ = begin  # type: ignore[method-assign,assignment]
    DebugLevel.__getattr__ = read  # type: ignore[method-assign,assignment]
    ctx_set_event_manager(Heeded())


def _keep_connections() -> None:
    """Let dbt's threads keep their sessions from node to node, as other adapters of it do.

    A new session reads the catalogs anew; dbt opens one for each node, and for each test. A
    node that is alone may have a second one: `adapter.run_beside`.
    """
    from dbt.adapters import postgres
    from dbt.adapters.base import available
    from dbt.adapters.postgres import PostgresConnectionManager
    from psycopg2.extensions import STATUS_BEGIN, TRANSACTION_STATUS_IDLE

    class Kept(PostgresConnectionManager):  # type: ignore[misc]
        def release(self) -> None:
            connection = self.get_if_exists()
            if connection is None or connection.state != "open":
                return
            try:
                handle = connection.handle
                is_idle = handle.info.transaction_status == TRANSACTION_STATUS_IDLE
                if handle.status == STATUS_BEGIN and is_idle:
                    # after dbt's own COMMIT, of which psycopg2 knows nothing, the server would
                    # warn of a rollback without a transaction, for every node
                    handle.cursor().execute("begin")
                handle.rollback()
                connection.transaction_open = False
            except Exception:
                super().release()

    class PostgresAdapter(postgres.PostgresAdapter):  # type: ignore[misc]  # known by this name
        ConnectionManager = Kept

        @available  # type: ignore[untyped-decorator]
        def run_beside(self, statements: str) -> Future[None]:
            """Run statements in a transaction of another session, while the node goes on."""
            return _started(partial(copy_context().run, self._run_beside, statements))

        def _run_beside(self, statements: str) -> None:
            with self.connection_named("beside"):
                self.execute(statements, auto_begin=True)
                self.commit_if_has_connection()

    postgres.Plugin.adapter = PostgresAdapter


def _keep_types() -> None:
    """Let dbt prepare once to tell the types of results, not for each statement that has some."""
    from dbt_common.clients import agate_helper

    prepared = cache(agate_helper.build_type_tester)

    def build_type_tester(
        text_columns: Iterable[str], string_null_values: Iterable[str] | None = ("null", "")
    ) -> Any:
        return prepared(frozenset(text_columns), tuple(string_null_values or ()))

    agate_helper.build_type_tester = build_type_tester


def _take_first_what_most_waits_for() -> None:
    """Let dbt go by the longest chain of nodes that waits for one.

    It goes level by level, hands its threads all nodes that are ready long before they have
    time, and lets models wait for the tests of their inputs, though no finding stops one
    (`_let_findings_pass`): some of few threads idle beside the largest model.
    """
    from dbt.compilation import Linker
    from dbt.graph.queue import GraphQueue

    take = GraphQueue.get

    def scores(queue: GraphQueue, graph: Any) -> dict[str, int]:
        @cache
        def chain(node: str) -> int:
            return 1 + max(map(chain, graph.successors(node)), default=0)

        return {node: -chain(node) for node in graph}  # the lowest is taken first

    def get(queue: GraphQueue, block: bool = True, timeout: float | None = None) -> Any:
        with queue.some_task_done:
            queue.some_task_done.wait_for(lambda: len(queue.in_progress) < THREADS)
        return take(queue, block, timeout)

    Linker.add_test_edges = lambda linker, manifest: None
    Linker.get_graph_summary = lambda linker, manifest: {}  # for a file that nobody reads
    GraphQueue._get_scores = scores
    GraphQueue.get = get


def _notice_what_is_put_back() -> None:
    """Let dbt keep the time of a yml that changed, with what it says.

    It takes a yml of the time it knows for the same, and would overlook one that is put back as
    it was before (`rsync -a`).
    """
    from dbt.parser.partial import PartialParsing

    change = PartialParsing.change_schema_file

    def changed(parsing: PartialParsing, file_id: str) -> None:
        change(parsing, file_id)
        parsing.saved_files[file_id].path = parsing.new_files[file_id].path

    PartialParsing.change_schema_file = changed


def _pass_on_interrupt(outcome: Any) -> None:
    """Raise a Ctrl-C that dbt caught: it is no fault of the project."""
    if isinstance(outcome.exception, KeyboardInterrupt):
        raise outcome.exception


_RESULTS = ("LogModelResult", "LogTestResult", "LogSeedResult", "LogSnapshotResult")


@contextmanager
def _tagged(manifest: Any, names: set[str], regrained: Container[str]) -> Iterator[None]:
    """Tag what to run: dbt looks through the whole project once for each name it is told."""
    tagged = [(node, CHOSEN) for node in manifest.nodes.values() if node.name in names]
    tagged += [
        (node, KNOWN)
        for node in manifest.nodes.values()
        if _is_of_grain(node)
        and node.name not in names
        and manifest.nodes[node.attached_node].name not in regrained
    ]
    for node, tag in tagged:
        node.tags.append(tag)
    try:
        yield
    finally:
        for node, tag in tagged:
            node.tags.remove(tag)


def _is_of_grain(node: Any) -> bool:
    found = getattr(node, "test_metadata", None)
    return found is not None and found.name == "grain"


def _let_findings_pass(manifest: Any) -> None:
    """Let the models downstream of an audit that finds rows run: only its tenants are held."""
    for node in manifest.nodes.values():
        if str(node.resource_type) == "test":
            node.config.severity = "warn"


def _status(kind: str, status: str) -> str:
    """Call a finding a failure, whatever severity dbt was told to give it."""
    return "fail" if kind == "test" and status == "warn" else status


def _from_result(entry: Any) -> Result:
    kind = str(entry.node.resource_type)
    status = _status(kind, str(entry.status))
    found = f"it finds {counted(entry.failures or 0, 'row')}"
    return Result(
        entry.node.name,
        kind,
        status,
        found if status == "fail" else _without_stack(entry.message or ""),
        entry.execution_time,
        entry.failures or 0,
        getattr(entry.node, "compiled_code", None) or "",
    )


def _without_stack(message: str) -> str:
    """Leave out the lines in which dbt lists the macros that it was in."""
    lines = message.strip().splitlines()
    kept = [line for line in lines if not line.strip().startswith(("> in macro", "> called by"))]
    return "\n".join(kept).strip()


def _from_event(event: Any) -> Result:
    info = event.data.node_info
    return Result(
        info.node_name, info.resource_type,
        _status(info.resource_type, info.node_status.lower()), "",
        getattr(event.data, "execution_time", 0.0), 0,
    )  # fmt: skip


def log_path() -> Path:
    """Give the file in which dbt logs what it runs."""
    return project.state_dir() / "dbt" / "logs" / "dbt.log"
