"""Pins: releases that a person keeps from being pruned, and why."""

from __future__ import annotations

from runner import db, releases
from runner.errors import ConfigError


def pin(connection: db.Connection, release: int, reason: str) -> None:
    """Keep a published release for as long as it is pinned; pinned again, the reason is new.

    Raises `ConfigError` for a release that was not published or is pruned.
    """
    with connection.transaction():
        # pruning looks at the pins under the same lock
        connection.execute("lock table almoner.pins in share row exclusive mode")
        found = releases.find(connection, release)
        if found["state"] != "published":
            raise ConfigError(
                f"release {release} was never published",
                "`almoner releases list` shows the published ones",
            )
        releases.require_kept(found)
        connection.execute(
            "insert into almoner.pins (release_id, reason) values (%s, %s)"
            " on conflict (release_id) do update set reason = excluded.reason",
            (release, reason),
        )


def unpin(connection: db.Connection, release: int) -> None:
    """Leave a release to the retention policy again.

    Raises `ConfigError` if it is not pinned.
    """
    gone = connection.execute("delete from almoner.pins where release_id = %s", (release,))
    if not gone.rowcount:
        raise ConfigError(
            f"release {release} is not pinned", "`almoner releases list` shows which are"
        )
