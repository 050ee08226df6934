"""The `almoner` command. Each command parses, calls one function and prints."""

from runner.cli import access, build, database, demo, load, marts, quarantine, releases
from runner.cli.group import main

__all__ = [
    "access",
    "build",
    "database",
    "demo",
    "load",
    "main",
    "marts",
    "quarantine",
    "releases",
]
