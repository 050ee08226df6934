"""How rows are printed: as aligned text, or as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

from runner import tables

# what a column is called on a terminal, where that is not its name
TITLES = {
    "release_id": "release",
    "table_name": "table",
    "source_id": "source",
    "row_count": "rows",
    "tenant_count": "tenants",
    "rows_landed": "landed",
    "rows_deleted": "deleted",
    "rows_quarantined": "set aside",
    "quarantined": "set aside",
    "rows_added": "added",
    "rows_superseded": "superseded",
    "data_type": "type",
    "changed_in": "release",
    "read_at": "read (UTC)",
    "started_at": "started (UTC)",
    "finished_at": "finished (UTC)",
    "granted_at": "granted (UTC)",
    "pruned_at": "pruned (UTC)",
    "set_at": "set (UTC)",
    "set_by": "by",
    "write_off_id": "write-off",
    "tenant_id": "tenant",
    "invoice_id": "invoice",
    "currency_code": "currency",
    "requested_at": "requested (UTC)",
    "decided_at": "decided (UTC)",
    "reversed_at": "reversed (UTC)",
    "taken_at": "at (UTC)",
    "taken_by": "by",
    "closed_at": "closed (UTC)",
    "closed_by": "by",
    "month_start_date": "month",
    "done_at": "done (UTC)",
    "done_by": "by",
}


def print_rows(found: Sequence[Mapping[str, Any]], as_json: bool, empty: str = "none") -> None:
    if as_json:
        click.echo(json.dumps(found, default=str))
        return
    if not found:
        click.echo(empty)
        return
    names = [TITLES.get(name, name.replace("_", " ")) for name in found[0]]
    click.echo(tables.text(names, [list(row.values()) for row in found]))
