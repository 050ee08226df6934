"""Every mart, read by one tenant's BI login for a month, as a BI tool asks: planned each time.

A read ends when all its rows are at the client; what Python makes of them is not counted.
"""

from __future__ import annotations

import statistics
from datetime import date

import psycopg
from psycopg import sql

from bench.grounds import Ground
from bench.measured import Result, seconds
from runner import db, marts
from runner.marts import Mart

MONTH, YEAR = 0.05, 0.1
TIMES = 5


def every_mart(ground: Ground) -> list[Result]:
    """Read each mart's month, and a year of revenue by point; name those that take too long."""
    with db.connect(ground.ready().target) as connection:
        listed = marts.listing(connection)
    first, last = ground.volume.month
    with (
        ground.login(f"demo_{ground.volume.hospital}") as url,
        psycopg.connect(url, autocommit=True, prepare_threshold=None) as reader,
    ):
        taken = {mart.name: _taken(reader, _month(mart, first, last)) for mart in listed}
        year = _taken(
            reader,
            sql.SQL(
                "select * from revenue_point_monthly where month_start_date >"
                " {}::date - interval '1 year'"
            ).format(sql.Literal(last)),
        )
    middle = statistics.median(taken.values())
    within = sum(each <= MONTH for each in taken.values())
    slow = sorted((each, name) for name, each in taken.items() if each > MONTH)
    return [
        Result(
            "one tenant's month of a mart under all locks, planned each time: the median of"
            f" {len(taken)} marts",
            middle, most=MONTH, note=f"{within} of them within the aim",
        ),
        *(Result(f"one tenant's month of {name}", each, most=MONTH) for each, name in slow[::-1]),
        Result("one tenant's year of revenue_point_monthly", year, most=YEAR),
    ]  # fmt: skip


def _month(mart: Mart, first: date, last: date) -> sql.Composed:
    """Ask for a month: of days, of the month itself, or as of its last day."""
    query = sql.SQL("select * from {}").format(sql.Identifier(mart.name))
    name = mart.date_column
    if "compared_start_date" in mart.grain:
        months = (first.replace(day=1), last.replace(day=1))
        return query + sql.SQL(
            " where period = 'month' and compared_start_date = {} and period_start_date = {}"
        ).format(*map(sql.Literal, months))
    if name is None:
        return query
    if name == "as_of_date":
        days = (last, last)
    elif name == "month_start_date":
        days = (last.replace(day=1), last.replace(day=1))
    else:
        days = (first, last)
    return query + sql.SQL(" where {} between {} and {}").format(
        sql.Identifier(name), *map(sql.Literal, days)
    )


def _taken(reader: psycopg.Connection[tuple[object, ...]], query: sql.Composed) -> float:
    reader.execute(query)
    return seconds(lambda: reader.execute(query), TIMES)
