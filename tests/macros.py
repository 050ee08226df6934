"""Macros of the project, called as Jinja alone has them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NoReturn

import jinja2

from runner import project


class _Returned(Exception):  # noqa: N818
    """What a macro gives by dbt's `return`."""


def _return(value: Any) -> NoReturn:
    raise _Returned(value)


def macro(folder: str, name: str, **given: Any) -> Callable[..., Any]:
    """Give a macro, to which `given` stands for what else dbt knows."""
    known = {"modules": type("Modules", (), {"re": re}), "return": _return, **given}
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    text = (project.root() / "macros" / folder / f"{name}.sql").read_text()
    inner = getattr(environment.from_string(text).make_module(known), name)

    def call(*arguments: Any) -> Any:
        try:
            inner(*arguments)
        except _Returned as returned:
            return returned.args[0]
        raise AssertionError(name)

    return call
