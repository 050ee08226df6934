"""What the user configures, from `almoner.yml` and the environment."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any

import psycopg
import yaml
from psycopg.conninfo import conninfo_to_dict
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from runner import contracts, project
from runner.errors import ConfigError

SOURCE_NAME = re.compile(r"^[a-z][a-z0-9]{0,30}$")


def _dsn(value: str) -> str:
    """Refuse what libpq cannot read, without repeating it: it may hold a password."""
    try:
        conninfo_to_dict(value)
    except psycopg.ProgrammingError as error:
        raise ValueError(
            "must be a DSN such as postgresql://user@host:5432/database or host=… dbname=…"
        ) from error
    return value


Dsn = Annotated[str, AfterValidator(_dsn)]


class Source(BaseModel):
    """One operational source: its system (the contract it follows) and how to reach it.

    `files` is a directory, of the project unless it is absolute. `tenants`, where it is given,
    are the only ones that land, by their key in the source.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    system: str
    dsn: Dsn | None = None
    database: str | None = None
    files: Path | None = None
    tenants: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _one_way_to_reach_it(self) -> Source:
        if sum(way is not None for way in (self.dsn, self.database, self.files)) != 1:
            raise ValueError(
                "give either dsn or database (a database on Almoner's own server) or files"
                " (a directory)"
            )
        return self


class Retention(BaseModel):
    """Which published releases `almoner releases prune` keeps; each rule by itself is enough."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    releases: int = Field(default=30, ge=1)
    days: int = Field(default=92, ge=0, le=36500)
    month_ends: int = Field(default=13, ge=0)


class Settings(BaseModel):
    """The whole configuration. `database` None means the embedded server."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    database: Dsn | None = None
    sources: dict[str, Source] = Field(default_factory=dict)
    deletion_limit_percent: float = Field(default=5, ge=0, le=100)
    retention: Retention = Retention()
    cursor_minimum_rows: int = Field(default=1_000_000, ge=0)
    min_free_mb: int = Field(default=256, ge=0)

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
        configured = Settings.model_validate(merged)
    except ValidationError as error:
        raise ConfigError(_told(error.errors()[0], from_environment=bool(dsn)), MEND) from error
    for source in configured.sources.values():
        contracts.require(source.system)
    return configured


MEND = "mend it as almoner.example.yml shows, then run `almoner status`"


def demo_file() -> Path:
    """Give the file in which `almoner demo create` names its source."""
    return project.state_dir() / "demo.yml"


def _told(error: ErrorDetails, *, from_environment: bool) -> str:
    """Name the setting and what is wrong with it; never its value."""
    where = ".".join(str(part) for part in error["loc"])
    if where == "database" and from_environment:
        return f"ALMONER_DSN {_reason(error)}"
    return f"almoner.yml: {where}: {_reason(error)}" if where else f"almoner.yml: {_reason(error)}"


def _reason(error: ErrorDetails) -> str:
    if error["type"] == "extra_forbidden":
        parts: dict[str, type[BaseModel]] = {"sources": Source, "retention": Retention}
        model = parts.get(str(error["loc"][0]), Settings)
        return f"there is no such setting; there are {', '.join(model.model_fields)}"
    if error["type"] == "model_type":
        is_source = error["loc"][0] == "sources"
        example = "{system: hms, database: hms_demo}" if is_source else "{days: 92}"
        return f"must hold settings by name, such as {example}"
    reason = error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    return reason[0].lower() + reason[1:]


def _read(path: Path) -> dict[str, Any]:
    """Read one file; `${NAME}` in a value stands for what the environment holds."""
    if not path.is_file():
        return {}
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.MarkedYAMLError as error:
        line = f" line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ConfigError(f"{path.name}{line} is not valid YAML: {error.problem}", MEND) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name} is not valid YAML: it is no UTF-8 text", MEND) from error
    except OSError as error:
        raise ConfigError(
            f"cannot read {path}: {error.strerror}", f"`ls -l {path}` shows who may"
        ) from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path.name} must hold settings by name", MEND)
    if not isinstance(content.get("sources") or {}, dict):
        raise ConfigError(f"{path.name}: sources must hold sources by name", MEND)
    filled: dict[str, Any] = _with_environment(content, path)
    return filled


def _with_environment(value: Any, path: Path) -> Any:
    if isinstance(value, dict):
        return {name: _with_environment(each, path) for name, each in value.items()}
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)\}", lambda match: _variable(match.group(1), path), value)
    return value


def _variable(name: str, path: Path) -> str:
    if name not in os.environ:
        raise ConfigError(
            f"{path.name} names ${{{name}}}, which the environment lacks",
            f"`export {name}=…` and run the command again",
        )
    return os.environ[name]


def _merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    sources = {**(first.get("sources") or {}), **(second.get("sources") or {})}
    return {**first, **second, **({"sources": sources} if sources else {})}


def for_files(configured: Settings, name: str, system: str | None, *, is_appended: bool) -> str:
    """Give the system of a source of which files are to be loaded.

    Raises `ConfigError` for a source that is a database, or whose system is not said.
    """
    if not SOURCE_NAME.match(name):
        raise ConfigError(
            f"{name!r} cannot be a source: a name has lower-case letters and digits",
            "`almoner load DIR --source north --system hms` is an example",
        )
    known = configured.sources.get(name)
    if known is None and system is None:
        raise ConfigError(
            f"source {name} is not in almoner.yml, so its system must be said",
            f"`almoner load DIR --source {name} --system hms`, if it is that",
        )
    if known and known.files is None:
        raise ConfigError(
            f"source {name} is a database",
            "load files under a name of their own: `almoner load DIR --source files --system"
            f" {known.system}`",
        )
    if known and system not in (None, known.system):
        raise ConfigError(
            f"source {name} follows the system {known.system}", "leave --system out of"
            f" `almoner load DIR --source {name}`",
        )  # fmt: skip
    if known and is_appended:
        raise ConfigError(
            f"source {name} is read whole from its directory, so what is appended would vanish",
            f"put the rows into {known.files} and run `almoner sync`",
        )
    chosen = known.system if known else str(system)
    contracts.require(chosen)
    return chosen
