"""The `almoner` command as a user runs it, in a project directory of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from click.testing import CliRunner

from runner.cli import main
from tests.conftest import ROOT

PROJECT = ("dbt_project.yml", "runner", "models", "macros", "seeds", "tests")


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit code."""

    exit_code: int
    out: str
    err: str


@dataclass
class Command:
    """Runs `almoner` in `directory`, with an `almoner.yml` and an environment of its own."""

    directory: Path
    environment: dict[str, str] = field(default_factory=dict)

    @classmethod
    def with_project(cls, **environment: str) -> Command:
        """Make a project directory whose models and macros are this project's.

        It has a state of its own, but for what dbt parsed; it is in the same place each time,
        since elsewhere dbt would parse everything anew.
        """
        ours = Path(os.environ["ALMONER_STATE"])
        directory, parsed = ours / "project", ours / "dbt"
        shutil.rmtree(directory, ignore_errors=True)
        state = directory / "state"
        state.mkdir(parents=True)
        for name in PROJECT:
            (directory / name).symlink_to(ROOT / name)
        parsed.mkdir(exist_ok=True)
        (state / "dbt").symlink_to(parsed)
        return cls(directory, {"ALMONER_STATE": str(state), **environment})

    def configure(self, text: str) -> None:
        """Write `almoner.yml`."""
        (self.directory / "almoner.yml").write_text(text)

    def run(self, *arguments: str) -> Said:
        """Run in this process; an exception that is not told as an error is raised."""
        before = Path.cwd()
        os.chdir(self.directory)
        try:
            result = CliRunner(env=self.environment).invoke(main, arguments)
        finally:
            os.chdir(before)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    def do(self, *arguments: str) -> Said:
        """Run in this process what has to succeed."""
        said = self.run(*arguments)
        assert said.exit_code == 0, said
        return said

    def spawn(self, *arguments: str, before: str = "") -> subprocess.CompletedProcess[bytes]:
        """Run in a process of its own, as cron does; `before` is Python to run first."""
        code = "import sys; sys.argv[0] = 'almoner'; from runner.cli import main; main()"
        return subprocess.run(
            [sys.executable, "-c", f"{before}\n{code}", *arguments],
            cwd=self.directory,
            env={**os.environ, "PYTHONPATH": str(ROOT), **self.environment},
            capture_output=True,
            check=False,
        )
