"""The `almoner` command. Each command parses, calls one function and prints."""

from runner.cli import (
    access,
    build,
    database,
    demo,
    differences,
    expectations,
    load,
    marts,
    periods,
    plan,
    quarantine,
    releases,
    retention,
    targets,
    tenants,
    trace,
    write_offs,
)
from runner.cli.group import main

__all__ = [
    "access",
    "build",
    "database",
    "demo",
    "differences",
    "expectations",
    "load",
    "main",
    "marts",
    "periods",
    "plan",
    "quarantine",
    "releases",
    "retention",
    "targets",
    "tenants",
    "trace",
    "write_offs",
]
