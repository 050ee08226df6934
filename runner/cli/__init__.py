"""The `almoner` command. Each command parses, calls one function and prints."""

from runner.cli import (
    access,
    build,
    database,
    demo,
    differences,
    expectations,
    marts,
    plan,
    releases,
    retention,
)
from runner.cli.group import main

__all__ = [
    "access",
    "build",
    "database",
    "demo",
    "differences",
    "expectations",
    "main",
    "marts",
    "plan",
    "releases",
    "retention",
]
