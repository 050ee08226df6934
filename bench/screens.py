"""The operational system's own screens, in one hospital of 100,000 patients."""

from __future__ import annotations

from dataclasses import replace

import psycopg

from bench import grounds
from bench.grounds import Ground
from bench.measured import Result, seconds

SCREENS = {"patient search": "patient_search", "a doctor's queue": "queue"}


def screens(ground: Ground) -> list[Result]:
    """Search patients and list who waits, as 2,000 visits a day make it."""
    volume = replace(ground.volume, tenants=1, days=10, visits_per_day=2000)
    hospital = grounds.generated(ground.place, f"{ground.name}_screens", volume)
    try:
        return [_screen(hospital, name, file) for name, file in SCREENS.items()]
    finally:
        grounds.dropped(hospital)


def _screen(hospital: Ground, name: str, file: str) -> Result:
    query = grounds.text(file)
    with psycopg.connect(hospital.source, autocommit=True) as connection:
        took = seconds(lambda: connection.execute(query).fetchall(), 20)
    return Result(f"{name} in the operational system", took)
