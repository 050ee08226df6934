"""`almoner new`: the files of a new part of the project, ready to build."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

from runner import project
from runner.errors import ConfigError

NAME = re.compile(r"^[a-z][a-z0-9_]{2,50}$")


def mart(name: str, domain: str) -> list[Path]:
    """Write `models/marts/<domain>/<name>.sql` and its yml.

    Raises `ConfigError` for a name that is taken or not in snake case.
    """
    if not NAME.match(name) or not NAME.match(domain):
        raise ConfigError(
            f"{name!r} in {domain!r} is no name for a mart",
            "use lower-case letters, digits and _: `almoner new mart revenue_by_doctor`",
        )
    models = project.root() / "models"
    taken = list(models.rglob(f"{name}.sql"))
    if taken:
        raise ConfigError(
            f"a model {name} exists: {taken[0].relative_to(project.root())}",
            f"choose another name: `almoner new mart {name}_2`",
        )
    folder = models / "marts" / domain
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for suffix in ("sql", "yml"):
        template = resources.files("runner").joinpath("templates", f"mart.{suffix}").read_text()
        path = folder / f"{name}.{suffix}"
        path.write_text(template.replace("MART_NAME", name))
        written.append(path.relative_to(project.root()))
    return written
