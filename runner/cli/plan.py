"""The command that tells what a build would do."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

import click

from runner import db, forecast, releases, settings
from runner.cli.group import main
from runner.cli.options import JSON
from runner.cli.printing import print_rows


@main.command("plan")
@click.option("--full", is_flag=True, help="As `almoner build --full` would.")
@click.option("--check", is_flag=True, help="Exit 1 if a change would break readers.")
@JSON
def plan_command(full: bool, check: bool, as_json: bool) -> None:
    """Tell what a build would recompute and why, landing nothing.

    Rows are estimates. Changes that readers would notice follow, the breaking ones named.
    """
    configured = settings.load()
    url = db.dsn()
    with db.connect(url) as connection:
        releases.prepare(connection)
        found = forecast.read(connection, url, configured, full=full)
    if as_json:
        click.echo(json.dumps(_fields(found)))
    else:
        _print(found)
    if check and any(change.is_breaking for change in found.changes):
        sys.exit(1)


def _fields(found: forecast.Forecast) -> dict[str, list[dict[str, Any]]]:
    return {
        "pending": [
            {
                "source": each.source,
                "table": each.table.source_name,
                "changed": each.changed,
                "vanished": each.vanished,
                "read": "anew" if each.is_reread else "changes",
            }
            for each in found.pending
        ],
        "steps": [
            {
                "node": each.step.node.name,
                "mode": each.step.mode,
                "rows": each.rows,
                "reason": each.step.reason,
            }
            for each in found.expected
        ],
        "changes": [asdict(change) for change in found.changes],
    }


def _print(found: forecast.Forecast) -> None:
    shown = _fields(found)
    if found.pending:
        print_rows(shown["pending"], False)
        click.echo()
    print_rows(shown["steps"], False, empty="nothing to recompute")
    if found.changes:
        click.echo()
        print_rows([_change(each) for each in shown["changes"]], False)


def _change(change: dict[str, Any]) -> dict[str, Any]:
    kind = "breaking" if change["is_breaking"] else "additive"
    names = ("node", "what")
    advice = f"refused: {change['advice']}" if change["is_refused"] else change["advice"]
    return {"change": kind, **{name: change[name] for name in names}, "advice": advice}
