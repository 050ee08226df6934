"""The only module that imports dbt: parse the project, run nodes, read results."""

from __future__ import annotations

import gc
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Thread
from typing import Any

import yaml
from psycopg.conninfo import conninfo_to_dict

from runner import definitions, project
from runner.errors import ConfigError
from runner.tables import counted

PROJECT = "almoner"
OWN = "almoner"  # the system of what people tell Almoner itself; always there
MEND = "mend what dbt names, then run `almoner build`"
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
    PROJECT: {
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
                "threads": 4,
                "connect_timeout": 10,
                # by this name `releases.builder` finds them
                "application_name": "almoner_dbt",
            }
        },
    }
}


@dataclass(frozen=True)
class Node:
    """A node of the project as planning needs it.

    `definition` is a digest of all that decides the node's rows: its own SQL, macros,
    contract and settings, and those of the views and seeds it reads; `parts` has these one by
    one. `feed` names its changes, `label` is what people call it.
    """

    unique_id: str
    name: str
    kind: str
    definition: str
    inputs: tuple[str, ...]
    feed: str = ""
    label: str = ""
    parts: definitions.Parts = field(default_factory=dict, compare=False, repr=False)


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

    def parse(self) -> dict[str, Node]:
        """Parse the project and give its nodes, in an order in which inputs come first.

        Core reads the `systems` that were named, else every one.

        Raises `ConfigError` with dbt's own message when the project is not valid.
        """
        from dbt.cli.main import dbtRunner

        with self._environment(None), _unhindered():
            outcome = dbtRunner().invoke(["parse", *self._common(), "--no-write-json"])
        if not outcome.success:
            _pass_on_interrupt(outcome)
            raise ConfigError(
                f"the dbt project is not valid: {str(outcome.exception).strip()}",
                MEND,
            )
        self._manifest = outcome.result
        _let_findings_pass(self._manifest)
        _check_entities(self._manifest)
        nodes = _nodes(self._manifest)
        return _without_idle_views(nodes, self._systems) if self._systems else nodes

    def parse_beside(self) -> Future[dict[str, Node]]:
        """Parse in a thread of its own, which ends with the process."""
        parsed: Future[dict[str, Node]] = Future()

        def run() -> None:
            try:
                parsed.set_result(self.parse())
            except BaseException as error:
                parsed.set_exception(error)

        Thread(target=run, name="parse", daemon=True).start()
        return parsed

    def build(
        self, names: Iterable[str], release: int, is_whole: bool, report: Callable[[Result], None]
    ) -> list[Result]:
        """Run seeds, models, snapshots, the audits upon them, and audits that are named.

        The marts' grain follows from their inputs' keys: it is tested when anything was computed
        as a whole (`is_whole`) and by `audit`. Unit tests are for `make test`.
        """
        from dbt.cli.main import dbtRunner

        def on_event(event: Any) -> None:
            if event.info.name in _RESULTS:
                report(_from_event(event))

        arguments = [
            "build", *self._common(), "--no-write-json", "--cache-selected-only",
            "--exclude-resource-type", "unit_test", "--select", *names,
        ]  # fmt: skip
        if not is_whole:
            arguments += ["--exclude", "test_name:grain"]
        with self._environment(release), _unhindered():
            outcome = dbtRunner(manifest=self._manifest, callbacks=[on_event]).invoke(arguments)
        if outcome.result is None:
            _pass_on_interrupt(outcome)
            raise ConfigError(f"dbt could not run: {str(outcome.exception).strip()}", MEND)
        return [_from_result(entry) for entry in outcome.result.results]

    def audit(self, names: Iterable[str] = ()) -> list[Result]:
        """Run every audit and data test, or those that are named, over the whole history."""
        chosen = list(names)
        selection = ["--select", *chosen] if chosen else ["--exclude", "test_type:unit"]
        return self._test(*selection)

    def unit_tests(self) -> list[Result]:
        """Run the models' unit tests, with every view there; the tables must have been built."""
        self._invoke("run", "--select", "config.materialized:view")
        return self._test("--select", "test_type:unit")

    def _test(self, *selection: str) -> list[Result]:
        return [_from_result(entry) for entry in self._invoke("test", *selection)]

    def _invoke(self, command: str, *selection: str) -> Any:
        from dbt.cli.main import dbtRunner

        with self._environment(None):
            arguments = [command, *self._common(), "--no-write-json", *selection]
            outcome = dbtRunner().invoke(arguments)
        if outcome.result is None:
            _pass_on_interrupt(outcome)
            raise ConfigError(f"dbt could not run: {outcome.exception}", MEND)
        return outcome.result.results

    @property
    def _target_path(self) -> Path:
        """Give each project and database a directory: for another dbt parses everything anew."""
        known = conninfo_to_dict(self._dsn)
        place = [str(project.root()), *(known.get(name) for name in ("host", "port", "dbname"))]
        digest = hashlib.sha256(repr(place).encode()).hexdigest()
        return project.state_dir() / "dbt" / "target" / digest[:12]

    def _common(self) -> list[str]:
        directory = project.state_dir() / "dbt"
        return [
            "--project-dir", str(project.root()), "--profiles-dir", str(directory),
            "--target-path", str(self._target_path), "--log-path", str(directory / "logs"),
            "--log-level", "none", "--log-level-file", "info", "--no-print", "--no-version-check",
        ]  # fmt: skip

    @contextmanager
    def _environment(self, release: int | None) -> Iterator[None]:
        """Name the server and the release in the environment, for as long as dbt runs."""
        directory = project.state_dir() / "dbt"
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        profile = directory / "profiles.yml"
        text = yaml.safe_dump(PROFILE)
        if not profile.is_file() or profile.read_text() != text:
            profile.write_text(text)
        known = conninfo_to_dict(self._dsn)
        values = {
            "ALMONER_DBT_HOST": str(known.get("host") or "localhost"),
            "ALMONER_DBT_PORT": str(known.get("port") or 5432),
            "ALMONER_DBT_USER": str(known.get("user") or ""),
            "ALMONER_DBT_PASSWORD": str(known.get("password") or ""),
            "ALMONER_DBT_DATABASE": str(known.get("dbname") or ""),
            "ALMONER_DBT_SSLMODE": str(known.get("sslmode") or "prefer"),
        }
        if self._systems:
            values["ALMONER_SYSTEMS"] = " ".join(self._systems)
        if release is not None:
            # a server's own jit compiles each small recompute for minutes: before PostgreSQL 18
            # the planner's costs are huge where a join method is switched off
            values["PGOPTIONS"] = (
                f"-c almoner.release={release} -c client_connection_check_interval=1s -c jit=off"
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


@contextmanager
def _unhindered() -> Iterator[None]:
    """Keep what dbt makes until it is done: looking for cycles takes a seventh of its time."""
    _heed_what_is_logged()
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@cache
def _heed_what_is_logged() -> None:
    """Let dbt not write events that no log takes: those for debugging are a fifth of its time."""
    from dbt_common.events.base_types import BaseEvent, EventLevel
    from dbt_common.events.event_manager import EventManager
    from dbt_common.events.event_manager_client import ctx_set_event_manager

    class Heeded(EventManager):
        def fire_event(
            self, e: BaseEvent, level: EventLevel | None = None, *args: Any, **named: Any
        ) -> None:
            if (level or e.level_tag()) != EventLevel.DEBUG:
                super().fire_event(e, level, *args, **named)

    ctx_set_event_manager(Heeded())


def _pass_on_interrupt(outcome: Any) -> None:
    """Raise a Ctrl-C that dbt caught: it is no fault of the project."""
    if isinstance(outcome.exception, KeyboardInterrupt):
        raise outcome.exception


def project_fingerprint(systems: Iterable[str]) -> str:
    """Digest all that decides what the project builds, without importing dbt."""
    digest = hashlib.sha256(" ".join(systems).encode())
    root = project.root()
    folders = ("models", "macros", "seeds", "snapshots", "tests")
    files = [root / "dbt_project.yml"]
    for folder in folders:
        files += [path for path in (root / folder).rglob("*") if path.suffix in _KINDS]
    for path in sorted(files):
        digest.update(f"{path.relative_to(root)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


_RESULTS = ("LogModelResult", "LogTestResult", "LogSeedResult", "LogSnapshotResult")
_KINDS = {".sql", ".yml", ".csv"}


def _let_findings_pass(manifest: Any) -> None:
    """Let the models downstream of an audit that finds rows run: only its tenants are held."""
    for node in manifest.nodes.values():
        if str(node.resource_type) == "test":
            node.config.severity = "warn"


def _status(kind: str, status: str) -> str:
    """Call a finding a failure, whatever severity dbt was told to give it."""
    return "fail" if kind == "test" and status == "warn" else status


def _declared_systems() -> dict[str, list[str]]:
    """Give the canonical entities of each system, as dbt_project.yml lists them."""
    content = yaml.safe_load((project.root() / "dbt_project.yml").read_text())
    systems: dict[str, list[str]] = content["vars"]["systems"]
    return systems


def _without_idle_views(nodes: dict[str, Node], landed: Iterable[str]) -> dict[str, Node]:
    """Leave out the views of systems that nothing landed of, unless another node reads them."""
    idle = tuple(f"stg_{system}__" for system in set(_declared_systems()) - set(landed))
    kept: dict[str, Node] = {}
    read: set[str] = set()
    for unique_id, node in reversed(nodes.items()):
        if node.kind == "view" and node.name.startswith(idle) and unique_id not in read:
            continue
        kept[unique_id] = node
        read.update(node.inputs)
    return {unique_id: nodes[unique_id] for unique_id in nodes if unique_id in kept}


def _check_entities(manifest: Any) -> None:
    """Refuse a canonical entity that a system has and core would not read.

    Raises `ConfigError` naming the view that `vars.systems` lacks.
    """
    systems = _declared_systems()
    entities = {entity for listed in systems.values() for entity in listed}
    for node in manifest.nodes.values():
        if not node.name.startswith("stg_"):
            continue
        system, _, entity = node.name.removeprefix("stg_").partition("__")
        if entity in entities and entity not in (systems.get(system) or ()):
            raise ConfigError(
                f"core does not read {node.name}: dbt_project.yml does not list it",
                f"add `- {entity}` to vars.systems.{system} in dbt_project.yml",
            )


def _nodes(manifest: Any) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for unique_id in _in_order(manifest):
        node = manifest.nodes.get(unique_id) or manifest.sources[unique_id]
        parents = [found[parent] for parent in _inputs(node)]
        for parent in parents:
            if parent.kind == "snapshot":
                raise ConfigError(
                    f"{node.name} reads the snapshot {parent.name}",
                    "read the table that it is taken of (snapshots/README.md), then run"
                    " `almoner build`",
                )
        found[unique_id] = _node(manifest, node, parents)
    return found


def _node(manifest: Any, node: Any, parents: list[Node]) -> Node:
    kind = _kind(node)
    is_source = kind == "source"
    parts = {"kind": kind, **_own(manifest, node, kind), "inputs": _read(parents)}
    # as the database will give them back
    parts = json.loads(json.dumps(parts, default=str))
    return Node(
        unique_id=node.unique_id,
        name=node.name,
        kind=kind,
        definition=definitions.digest([node.unique_id, parts]),
        inputs=tuple(parent.unique_id for parent in parents),
        feed=f"{node.schema}__{node.identifier}" if is_source else node.name,
        label=f"{node.source_name}.{node.name}" if is_source else node.name,
        parts=parts,
    )


def _read(parents: list[Node]) -> dict[str, str]:
    """Map what a node reads to its definition, where that is part of the node's own."""
    return {
        f"{parent.kind} {parent.label}": (
            parent.definition if parent.kind in ("source", "seed", "view") else ""
        )
        for parent in parents
    }


def _inputs(node: Any) -> list[str]:
    """List what a node reads, sorted: dbt's order differs from process to process."""
    return sorted(getattr(getattr(node, "depends_on", None), "nodes", ()))


def _kind(node: Any) -> str:
    """Give source, seed, snapshot, view, released or mart."""
    if str(node.resource_type) == "model":
        return str(node.config.materialized)
    return str(node.resource_type)


def _own(manifest: Any, node: Any, kind: str) -> dict[str, Any]:
    """Give what a node itself contributes to its definition."""
    columns = [
        [column.name, column.data_type, [str(each.type) for each in column.constraints or []]]
        for column in node.columns.values()
    ]
    meta = node.config.meta
    if kind == "source":
        settings = {"schema": node.schema, "identifier": node.identifier}
        return {"columns": columns, "meta": meta, "settings": settings}
    if kind == "seed":
        return {"sql": node.checksum.checksum, "settings": node.config.to_dict()}
    if kind == "snapshot":
        return {"sql": definitions.digest(node.raw_code), "settings": node.config.to_dict()}
    return {
        "sql": definitions.digest(node.raw_code),
        "columns": columns,
        "meta": meta,
        "settings": {
            name: node.config.get(name) for name in ("materialized", "schema", "contract")
        },
        "documents": _documents(node) if kind == "mart" else {},
        "macros": _macros(manifest, node),
    }


def _documents(node: Any) -> dict[str, str]:
    """Digest what is said of a mart and of its columns."""
    told = {
        column.name: definitions.digest(column.description) for column in node.columns.values()
    }
    return {definitions.WHOLE: definitions.digest(node.description), **told}


def _macros(manifest: Any, node: Any) -> dict[str, str]:
    """Digest the text of every macro of the project that a node's SQL reaches, by name."""
    pending, seen = list(node.depends_on.macros), dict[str, str]()
    while pending:
        name = pending.pop()
        macro = manifest.macros.get(name)
        if macro is None or macro.package_name != PROJECT or macro.name in seen:
            continue
        seen[macro.name] = definitions.digest(macro.macro_sql)
        pending.extend(macro.depends_on.macros)
    return seen


def _in_order(manifest: Any) -> list[str]:
    """Sort sources, seeds, snapshots and models so that inputs come first."""
    wanted = {
        unique_id: _inputs(node)
        for unique_id, node in manifest.nodes.items()
        if str(node.resource_type) in ("model", "seed", "snapshot")
    }
    wanted.update({unique_id: [] for unique_id in manifest.sources})
    done: dict[str, None] = {}

    def visit(unique_id: str) -> None:
        if unique_id in done:
            return
        for parent in wanted[unique_id]:
            visit(parent)
        done[unique_id] = None

    for unique_id in sorted(wanted):
        visit(unique_id)
    return list(done)


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
