"""A mart of which a doctor sees own work only; the project has none yet."""

from __future__ import annotations

from typing import Any

from psycopg.types.json import Jsonb

from runner import db, publication, releases
from tests.acceptance.conftest import Installation

CHARGES = {
    "sql": "select tenant_id, practitioner_id, department_id, line_id, amount"
    " from pub.fct_postings where event_type = 'invoice_line' and practitioner_id is not null",
    "description": "One row per line.",
    "columns": [
        {"name": "tenant_id", "data_type": "text", "description": "Hospital."},
        {"name": "practitioner_id", "data_type": "bigint", "description": "Doctor."},
    ],
    "meta": {"grain": ["tenant_id"], "access": {"row_scope": {"doctor": "practitioner_id"}}},
    "reads": ["fct_postings"],
}


def publish(installation: Installation, name: str, definition: dict[str, Any]) -> None:
    """Publish a mart as a build would that found it in the project."""
    with installation.connect() as connection, connection.transaction():
        release = releases.last_published(connection)
        assert release is not None
        connection.execute(
            "insert into almoner.mart_definitions values (%s, %s, %s)"
            " on conflict (mart, release_id) do update set definition = excluded.definition",
            (name, release, Jsonb(definition)),
        )
        marts = {row["name"] for row in db.rows(connection, db.script("views_of_marts"))}
        publication.write_marts(connection, release, marts | {name})
        publication.check_gate(connection)
