"""The `almoner` command. Each command parses, calls one function and prints."""

from runner.cli import access, build, database, demo, marts, releases, tenants
from runner.cli.group import main

__all__ = ["access", "build", "database", "demo", "main", "marts", "releases", "tenants"]
