"""Which nodes a build runs, and how."""

from __future__ import annotations

from runner.dbt import Node
from runner.planning import History, plan

NODES = {
    "raw": Node("raw", "invoices", "source", "s1", (), "raw_hms__invoices"),
    "view": Node("view", "stg_hms__invoices", "view", "v1", ("raw",), "stg_hms__invoices"),
    "fact": Node("fact", "fct_invoices", "released", "f1", ("view",), "fct_invoices"),
    "sum": Node("sum", "invoices_daily", "released", "d1", ("fact",), "invoices_daily"),
}
BUILT = {"stg_hms__invoices": (3, "v1"), "fct_invoices": (5, "f1"), "invoices_daily": (5, "d1")}


def modes(past: History) -> dict[str, str]:
    """Give the mode of each node that is planned."""
    return {step.node.name: step.mode for step in plan(NODES, past)}


def test_nothing_new_runs_nothing() -> None:
    assert modes(History(BUILT, {"raw_hms__invoices": 5})) == {}


def test_news_reach_every_released_model_behind_views() -> None:
    past = History(BUILT, {"raw_hms__invoices": 6})
    assert modes(past) == {"fct_invoices": "incremental", "invoices_daily": "incremental"}


def test_a_changed_definition_is_computed_in_full() -> None:
    past = History({**BUILT, "fct_invoices": (5, "f0")}, {"raw_hms__invoices": 5})
    assert modes(past) == {"fct_invoices": "full", "invoices_daily": "incremental"}


def test_a_table_filled_from_empty_left_no_feed_to_go_by() -> None:
    past = History(BUILT, {"raw_hms__invoices": 6}, {"raw_hms__invoices": 6})
    assert modes(past) == {"fct_invoices": "full", "invoices_daily": "incremental"}
    past = History(BUILT, {"raw_hms__invoices": 6}, {"raw_hms__invoices": 4})
    assert modes(past)["fct_invoices"] == "incremental"
