"""Builds as processes of their own, forked from one that has dbt and the project in memory.

A build by command spends five seconds on imports before it touches the database. What is
killed, stopped or raced here is the same `Builder`, in a process with an id of its own.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from runner import project
from runner.build import Builder, Options
from runner.dbt import Result
from runner.errors import AlmonerError
from runner.planning import Step
from runner.progress import Silent
from runner.settings import Settings, Source

HERE = Path(__file__).resolve()


class Quiet(Silent):
    """Reports nothing; knows how far the build is, and waits at a stage until it may go on.

    A stage `audit` begins when the last model has run: what dbt does from there on is to audit.
    """

    def __init__(self, waits_at: str = "", door: Path | None = None) -> None:
        self.reached = ""
        self._waits_at, self._door = waits_at, door
        self._models = 0

    def stage(self, name: str, detail: str = "") -> None:
        self.reached = name
        if self._door and name == self._waits_at:
            self._door.touch()
            self._wait()

    def planned(self, steps: list[Step]) -> None:
        self._models = len(steps)

    def ran(self, result: Result) -> None:
        self._models -= result.kind not in ("test", "operation")
        if not self._models and self.reached == "dbt":
            self.stage("audit")
        self._wait()  # what dbt does beside it, too

    def _wait(self) -> None:
        while self._door and self._door.exists():
            time.sleep(0.01)


@dataclass(frozen=True)
class Run:
    """A build in a process of its own."""

    pid: int
    answer: Path

    @property
    def _door(self) -> Path:
        return self.answer.with_suffix(".door")

    def arrives(self, seconds: float = 120) -> bool:
        """Wait until it is at the stage where it waits; tell whether it came so far."""
        until = time.monotonic() + seconds
        while not self._door.exists():
            if not self.is_alive() or time.monotonic() > until:
                return False
            time.sleep(0.01)
        return True

    def go_on(self) -> None:
        """Let it go on from where it waits."""
        self._door.unlink(missing_ok=True)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; one that has ended gets none."""
        if self.is_alive():
            os.kill(self.pid, number)

    def is_alive(self) -> bool:
        """Tell whether the process is there."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def wait(self, seconds: float = 120) -> dict[str, Any]:
        """Wait for the end and give the outcome's or the error's fields; none if killed."""
        until = time.monotonic() + seconds
        while self.is_alive():
            if time.monotonic() > until:
                raise TimeoutError(f"the build {self.pid} has not ended after {seconds} s")
            time.sleep(0.01)
        answer: dict[str, Any] = json.loads(self.answer.read_text() or "{}")
        return answer


class Runners:
    """Starts builds of one source into one target."""

    def __init__(self, source: str, target: str, directory: Path, system: str = "hms") -> None:
        self._directory = directory
        self._number = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.reliability.runners", system, source, target],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, cwd=HERE.parents[2],
        )  # fmt: skip

    def build(self, **options: bool) -> dict[str, Any]:
        """Build in the process that the others are forked from, which then knows the project."""
        answer: dict[str, Any] = json.loads(self._ask({"options": options}))
        return answer

    def start(self, *, source: str = "", waits_at: str = "", **options: bool) -> Run:
        """Start a build, of another source or one that waits at a stage; give its process."""
        self._number += 1
        answer = self._directory / f"{os.getpid()}-{self._process.pid}-{self._number}.json"
        answer.touch()
        wish = {"options": options, "source": source, "waits_at": waits_at, "answer": str(answer)}
        return Run(int(self._ask(wish)), answer)

    def close(self) -> None:
        """End the process; builds that still run go on."""
        self._process.communicate()

    def _ask(self, wish: dict[str, Any]) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(wish) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()


def main(system: str, source: str, target: str) -> None:
    """Build, or fork a process that does, at each line read."""
    builder = Builder(_settings(system, source), target)
    for line in sys.stdin:
        wish = json.loads(line)
        builder.configure(_settings(system, wish.get("source") or source))
        if "answer" not in wish:
            said = json.dumps(_answer(builder, Quiet(), wish["options"]))
        else:
            door = Path(wish["answer"]).with_suffix(".door")
            report = Quiet(wish["waits_at"], door)
            action = partial(_answer, builder, report, wish["options"])
            said = str(_forked(action, wish["answer"]))
        print(said, flush=True)


def _settings(system: str, source: str) -> Settings:
    return Settings(
        sources={"demo": Source(system=system, dsn=source)}, deletion_limit_percent=100
    )


def _forked(action: Callable[[], dict[str, Any]], answer: str) -> int:
    # nobody waits for the child: whoever asked for it sees it go
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    pid = os.fork()
    if pid:
        return pid
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        Path(answer).write_text(json.dumps(action()))
    finally:
        os._exit(0)


def _answer(builder: Builder, report: Quiet, options: dict[str, bool]) -> dict[str, Any]:
    try:
        outcome = builder.build(report, Options(**options))
    except AlmonerError as error:
        return {**error.as_dict(), "stage": report.reached}
    except BaseException as error:
        return {"error": type(error).__name__, "message": str(error)}
    return {
        "release": outcome.release,
        "seconds": outcome.seconds,
        "held": sorted({failure.tenant for failure in outcome.failures}),
    }


if __name__ == "__main__":
    project.use(HERE.parents[2])
    main(*sys.argv[1:])
