"""Where the dbt project and its state directory are."""

from __future__ import annotations

import os
import re
from pathlib import Path

from runner.errors import ConfigError

VARIABLE = "ALMONER_PROJECT_DIR"


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


def _is_project(directory: Path) -> bool:
    """Tell Almoner's projects from other dbt projects by their name."""
    path = directory / "dbt_project.yml"
    return path.is_file() and re.search(r"^name: almoner$", path.read_text(), re.M) is not None
