"""The `almoner` command. Each command parses, calls one function and prints."""

from runner.cli import access, build, database, demo, differences, marts, releases, retention
from runner.cli.group import main

__all__ = [
    "access",
    "build",
    "database",
    "demo",
    "differences",
    "main",
    "marts",
    "releases",
    "retention",
]
