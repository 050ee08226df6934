"""`flattened` puts a CTE in the place where it is read, only where that means the same."""

from __future__ import annotations

import pytest

from tests.macros import macro


def _flattened(sql: str) -> str:
    separated_ctes = macro("views", "separated_ctes")
    return str(macro("views", "flattened", separated_ctes=separated_ctes)(sql))


@pytest.mark.parametrize(
    ("sql", "flat"),
    [
        ("select 1", "select 1"),
        ("with a as (\n    select 1 as n\n)\n\nselect * from a", "select 1 as n"),
        ("with a as (select * from x.y), b as (select n from a) select * from b",
         "select n from x.y as a"),
        ('with a as (select * from "x"."y") select one.n from a as one where one.n > 0',
         'select one.n from "x"."y" as one where one.n > 0'),
        ("with a as (select n from y) select a.n from z inner join a on z.n = a.n",
         "select a.n from z inner join (select n from y) as a on z.n = a.n"),
        ("with a as (select 1 as n), b as (select ')' as t from a) select n, t from b",
         "select n, t from (select ')' as t from (select 1 as n) as a) as b"),
        ("-- of (a\nwith a as (select 1 as n) -- from a\nselect n /* b ( */ from a",
         "select n  from (select 1 as n) as a"),
        ("with a as (select 1 union all select 2) select * from a union all select 3",
         "select * from (select 1 union all select 2) as a union all select 3"),
        ('with "the a" as (select n from y), b as (select n from "the a" as one) select n from b',
         "select n from (select n from (select n from y) as one) as b"),
    ],
)  # fmt: skip
def test_a_cte_that_is_read_once_stands_where_it_is_read(sql: str, flat: str) -> None:
    assert _flattened(sql) == flat


@pytest.mark.parametrize(
    "sql",
    [
        # read twice, once through a comma, not at all
        "with a as (select n from y)\nselect n from a union all select n from a",
        "with a as (select n from y)\nselect a.n from z inner join a on true, a as other",
        "with a as (select n from y)\nselect 1",
        # another thing of its name
        "with day as (select d from y)\nselect extract(day from d) from day",
        "with a as (select n from y)\nselect b.n from a as b where b.n is distinct from a",
        # what says whether it is kept
        "with a as materialized (select n from y)\nselect n from a",
        "with a as not materialized (select n from y)\nselect n from a",
        # a list of columns, and a query with names of its own
        "with a (n) as (select m from y) select n from a",
        "with a as (select m from y), b (n) as (select m from a) select n from b",
        "with a as (select n from y)\nselect n from (with b as (select 1) select n from a) as c",
    ],
)
def test_what_may_mean_something_else_stays(sql: str) -> None:
    assert _flattened(sql) == sql


def test_what_stays_is_seen_from_where_others_stand() -> None:
    twice = "select n from a union select n from a"
    sql = f"with a as (select n from y), b as ({twice}) select n from b"
    assert _flattened(sql) == f"with a as (select n from y)\nselect n from ({twice}) as b"
