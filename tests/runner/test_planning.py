"""Which nodes a build runs, and how."""

from __future__ import annotations

from dataclasses import replace

from runner import estimates
from runner.graph import Node
from runner.planning import History, Step, plan, reasons, regrained


def node(kind: str, name: str, definition: str, *inputs: str, label: str = "") -> Node:
    feed = f"raw_{name}" if kind == "source" else name
    return Node(name, name, kind, definition, inputs, feed, label or name)


NODES = {
    each.name: each
    for each in (
        node("source", "hms__invoices", "s1", label="hms.invoices"),
        node("view", "stg_hms__invoices", "v1", "hms__invoices"),
        node("released", "fct_invoices", "f1", "stg_hms__invoices"),
        node("released", "invoices_daily", "d1", "fct_invoices"),
    )
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


def test_reasons_name_the_inputs_behind_views() -> None:
    past = History(BUILT, {"raw_hms__invoices": 6})
    assert [step.reason for step in plan(NODES, past)] == [
        "inputs changed: hms.invoices",
        "inputs changed: fct_invoices",
    ]
    past = History(BUILT, {"raw_hms__invoices": 6}, {"raw_hms__invoices": 6})
    assert plan(NODES, past)[0].reason == "input filled from empty: hms.invoices"


def test_what_a_full_build_is_asked_for() -> None:
    steps = plan(NODES, History(BUILT, {}), full=True)
    assert {step.reason for step in steps} == {"asked for in full"}
    assert reasons(steps) == [
        ("asked for in full", "stg_hms__invoices, fct_invoices, invoices_daily")
    ]


def test_estimates_follow_the_changes_and_stop_at_what_a_table_holds() -> None:
    steps = plan(NODES, History(BUILT, {"raw_hms__invoices": 6}))
    held = {"raw_hms__invoices": 900, "fct_invoices": 800, "invoices_daily": 30}
    rows = estimates.rows(NODES, steps, estimates.Sizes(held, {"raw_hms__invoices": 50}))
    assert rows == {"fct_invoices": 50, "invoices_daily": 30}


def test_estimates_of_full_recomputes_are_the_tables_or_their_inputs() -> None:
    steps = plan(NODES, History({}, {}))
    held = {"raw_hms__invoices": 900, "fct_invoices": 800}
    rows = estimates.rows(NODES, steps, estimates.Sizes(held, {}))
    assert rows == {"fct_invoices": 800, "invoices_daily": 800}


def test_the_grain_is_in_question_where_a_mart_is_another_or_a_key_is() -> None:
    marts = [node("mart", name, name) for name in ("ageing", "takings")]
    changed = Step(marts[0], "full", 5, "SQL changed")
    anew = Step(marts[1], "full", 5, "made anew: view stays")
    table = Step(NODES["fct_invoices"], "full", 5, "column cashier added")
    assert regrained(marts, [changed, anew, table]) == {"ageing"}
    longer = replace(table, reason=f"{table.reason}, meta unique_key changed")
    assert regrained(marts, [longer]) == {"ageing", "takings"}
