"""The `almoner` command. Each command parses, calls one function and prints."""

from runner.cli.group import main

__all__ = ["main"]
