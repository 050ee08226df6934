"""Why a node is recomputed: its definition's parts, compared."""

from __future__ import annotations

from typing import Any

import pytest

from runner.definitions import Parts, differences

NODE: dict[str, Any] = {
    "kind": "released",
    "sql": "s",
    "columns": [["tenant_id", "text", ["not_null"]], ["amount", "numeric(18,4)", []]],
    "meta": {"scope": ["tenant_id"]},
    "settings": {"schema": "core"},
    "macros": {"business_date": "m"},
    "inputs": {"view stg_hms__invoices": "view", "seed revenue_points": "seed"},
}
VIEW: dict[str, Any] = {"kind": "view", "sql": "v", "macros": {"from_systems": "f"}}


def reasons(changed: Parts, view: Parts = VIEW) -> list[str]:
    """Compare the node with one that differs in some parts, and its view in others."""
    past: dict[str, Parts] = {"before": NODE, "view": VIEW}
    present: dict[str, Parts] = {"now": {**NODE, **changed}, "view": VIEW, "other": view}
    return differences("before", "now", past, present)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"sql": "t"}, ["SQL changed"]),
        ({"macros": {"business_date": "n"}}, ["macro business_date changed"]),
        ({"columns": [*NODE["columns"], ["x", "text", []]]}, ["column x added"]),
        ({"columns": NODE["columns"][:1]}, ["column amount removed"]),
        ({"columns": NODE["columns"][::-1]}, ["order of columns changed"]),
        (
            {"columns": [NODE["columns"][0], ["amount", "numeric(20,4)", []]]},
            ["column amount changed"],
        ),
        ({"meta": {"scope": ["tenant_id", "day"]}}, ["meta scope changed"]),
        ({"settings": {"schema": "other"}}, ["schema changed"]),
        (
            {"inputs": {**NODE["inputs"], "seed revenue_points": "new"}},
            ["seed revenue_points changed"],
        ),
        (
            {"inputs": {**NODE["inputs"], "view stg_two": "two"}},
            ["view stg_two added"],
        ),
        ({"kind": "view"}, ["changed"]),
    ],
)
def test_each_part_has_its_reason(changed: Parts, told: list[str]) -> None:
    assert reasons(changed) == told


@pytest.mark.parametrize(
    ("view", "told"),
    [
        ({**VIEW, "sql": "w"}, "view stg_hms__invoices changed (SQL)"),
        (
            {**VIEW, "macros": {"from_systems": "g"}},
            "view stg_hms__invoices changed (macro from_systems)",
        ),
    ],
)
def test_a_view_beneath_is_named_with_what_changed_in_it(view: Parts, told: str) -> None:
    inputs = {**NODE["inputs"], "view stg_hms__invoices": "other"}
    assert reasons({"inputs": inputs}, view) == [told]


def test_a_definition_without_parts_is_just_another_one() -> None:
    assert differences("gone", "now", {}, {"now": NODE}) == ["changed"]
