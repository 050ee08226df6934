"""What the user configures, from `almoner.yml` and the environment."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from runner import project
from runner.errors import ConfigError

SOURCE_NAME = re.compile(r"^[a-z][a-z0-9]{0,30}$")


class Source(BaseModel):
    """One operational database: its system (the contract it follows) and how to reach it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    system: str
    dsn: str | None = None
    database: str | None = None

    @model_validator(mode="after")
    def _one_way_to_reach_it(self) -> Source:
        if (self.dsn is None) == (self.database is None):
            raise ValueError("give either dsn or database (a database on Almoner's own server)")
        return self


class Settings(BaseModel):
    """The whole configuration. `database` None means the embedded server."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    database: str | None = None
    sources: dict[str, Source] = Field(default_factory=dict)
    deletion_limit_percent: float = Field(default=5, ge=0, le=100)

    @model_validator(mode="after")
    def _plain_source_names(self) -> Settings:
        for name in self.sources:
            if not SOURCE_NAME.match(name):
                raise ValueError(
                    f"source {name!r}: a name has lower-case letters and digits and starts "
                    "with a letter, since it is the first part of each tenant_id"
                )
        return self


def load() -> Settings:
    """Read `almoner.yml`, the demo's own source file and `ALMONER_DSN`.

    Raises `ConfigError` naming the file and the setting that is wrong.
    """
    merged: dict[str, Any] = {}
    for path in (demo_file(), project.root() / "almoner.yml"):
        merged = _merged(merged, _read(path))
    if dsn := os.environ.get("ALMONER_DSN"):
        merged["database"] = dsn
    try:
        return Settings.model_validate(merged)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "settings"
        raise ConfigError(
            f"almoner.yml: {where}: {first['msg']}",
            "see almoner.example.yml for every setting",
        ) from error


def demo_file() -> Path:
    """Give the file in which `almoner demo create` names its source."""
    return project.state_dir() / "demo.yml"


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        content = yaml.safe_load(_with_environment(path.read_text(), path)) or {}
    except yaml.YAMLError as error:
        raise ConfigError(f"{path.name} is not valid YAML: {error}", f"mend {path}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path.name} must hold settings by name", f"mend {path}")
    return content


def _with_environment(text: str, path: Path) -> str:
    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in os.environ:
            raise ConfigError(
                f"{path.name} names ${{{name}}}, which the environment lacks",
                f"export {name}=… and run the command again",
            )
        return os.environ[name]

    return re.sub(r"\$\{(\w+)\}", value, text)


def _merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    sources = {**(first.get("sources") or {}), **(second.get("sources") or {})}
    return {**first, **second, **({"sources": sources} if sources else {})}
