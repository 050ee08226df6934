"""Where the dbt project and its state directory are."""

from __future__ import annotations

import os
from pathlib import Path


def root() -> Path:
    """Find the directory that holds `dbt_project.yml`: here, above, or where we are installed."""
    for candidate in (Path.cwd(), *Path.cwd().parents):
        if (candidate / "dbt_project.yml").is_file() and (candidate / "runner").is_dir():
            return candidate
    return Path(__file__).resolve().parent.parent


def state_dir() -> Path:
    """Give the directory for the embedded server and other local state."""
    configured = os.environ.get("ALMONER_STATE")
    return Path(configured).resolve() if configured else root() / ".almoner"
