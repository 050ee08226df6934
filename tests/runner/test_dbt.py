"""The order in which dbt runs nodes, and how many at a time."""

from __future__ import annotations

from threading import Event, Thread
from types import SimpleNamespace
from typing import Any

import networkx
import pytest
from dbt.compilation import Linker
from dbt.graph.queue import GraphQueue

from runner import dbt

EDGES = [
    ("source", "aside"), ("source", "fact"), ("fact", "rollup"), ("rollup", "rollup_of_it"),
    ("fact", "an_audit"),
]  # fmt: skip


@pytest.fixture
def queue() -> Any:
    dbt._hurry()
    manifest: Any = SimpleNamespace(expect=lambda name: SimpleNamespace(name=name))
    graph = networkx.DiGraph(EDGES)
    return GraphQueue(graph, manifest, set(graph))


def test_what_most_waits_for_is_taken_first(queue: Any) -> None:
    taken = []
    while not queue.empty():
        taken.append(queue.get().name)
        queue.mark_done(taken[-1])
    assert taken == ["source", "fact", "rollup", "an_audit", "aside", "rollup_of_it"]


def test_no_node_is_taken_before_a_thread_has_time(
    queue: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dbt, "THREADS", 2)
    queue.get()
    queue.mark_done("source")
    assert {queue.get().name, queue.get().name} == {"fact", "aside"}
    is_taken, taken = Event(), []

    def take() -> None:
        taken.append(queue.get().name)
        is_taken.set()

    Thread(target=take, daemon=True).start()
    assert not is_taken.wait(0.2)
    queue.mark_done("fact")
    assert is_taken.wait(10)
    assert taken == ["rollup"]


def test_a_model_does_not_wait_for_the_tests_of_its_inputs() -> None:
    dbt._hurry()
    linker = Linker()
    linker.graph.add_edges_from(EDGES)
    linker.add_test_edges(None)
    assert set(linker.graph.edges) == set(EDGES)
