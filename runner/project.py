"""Where the dbt project and its state directory are, and which state its files are in."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

from runner.errors import ConfigError

NAME = "almoner"
VARIABLE = "ALMONER_PROJECT_DIR"
_DEFINING = ("models", "macros", "seeds", "snapshots", "tests")
_KINDS = {".sql", ".yml", ".csv"}


def root() -> Path:
    """Find the project: what `--project-dir` names; else here, above, or where we are installed.

    Raises `ConfigError` if there is none.
    """
    if named := os.environ.get(VARIABLE):
        if not _is_project(Path(named)):
            raise ConfigError(
                f"{named} has no dbt_project.yml of an Almoner project",
                f"name another: `almoner --project-dir DIRECTORY build`, or mend {VARIABLE}",
            )
        return Path(named).resolve()
    installed = Path(__file__).resolve().parent.parent
    for candidate in (Path.cwd(), *Path.cwd().parents, installed):
        if _is_project(candidate):
            return candidate
    raise ConfigError(
        f"there is no Almoner project in {Path.cwd()} or above",
        "change to the project's directory, or name it: `almoner --project-dir DIRECTORY build`",
    )


def use(directory: Path) -> None:
    """Work on the project in `directory` for the rest of this process."""
    os.environ[VARIABLE] = str(directory.resolve())


def state_dir() -> Path:
    """Give the directory for the embedded server and other local state."""
    configured = os.environ.get("ALMONER_STATE")
    return Path(configured).resolve() if configured else root() / ".almoner"


def fingerprint(systems: Iterable[str]) -> str:
    """Digest all that decides what the project builds from some systems."""
    digest = hashlib.sha256(" ".join(systems).encode())
    here = root()
    files = [here / "dbt_project.yml"]
    for folder in _DEFINING:
        files += [path for path in (here / folder).rglob("*") if path.suffix in _KINDS]
    for path in sorted(files):
        digest.update(f"{path.relative_to(here)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _is_project(directory: Path) -> bool:
    """Tell Almoner's projects from other dbt projects by their name."""
    path = directory / "dbt_project.yml"
    return path.is_file() and re.search(rf"^name: {NAME}$", path.read_text(), re.M) is not None
