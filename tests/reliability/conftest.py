"""The ground of the proofs: copies of the small demo that the acceptance tests read."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from psycopg.conninfo import conninfo_to_dict

from bench.reliability import ground as grounds
from runner import server
from tests.acceptance.conftest import published
from tests.conftest import Databases, Running


@pytest.fixture(scope="session")
def ground(embedded: Running, session_databases: Databases) -> Iterator[grounds.Ground]:
    if not isinstance(embedded, server.Server):
        pytest.skip("a server of somebody else's is not killed")
    demo = published(session_databases)
    source, target = (
        session_databases.create(str(conninfo_to_dict(url)["dbname"]))
        for url in (demo.source, demo.target)
    )
    with grounds.prepared(embedded, source, target) as made:
        yield made


@pytest.fixture
def seed() -> int:
    """Give the seed that ALMONER_SEED names; `make soak` takes others."""
    return int(os.environ.get("ALMONER_SEED", "1"))
