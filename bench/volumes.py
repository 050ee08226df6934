"""How large the operational database is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta

END = date(2026, 10, 31)


@dataclass(frozen=True)
class Volume:
    """How large the operational database is, and its last day."""

    tenants: int
    days: int
    visits_per_day: int
    end: date = END

    @property
    def month(self) -> tuple[date, date]:
        """Thirty days of the past that have settled."""
        last = self.end - timedelta(days=self.days // 10)
        return last - timedelta(days=29), last

    @property
    def hospital(self) -> int:
        """One hospital of many."""
        return min(7, self.tenants)

    def __str__(self) -> str:
        known = asdict(self)
        return " ".join(
            f"--{name.replace('_', '-')} {known[name]}"
            for name in ("tenants", "days", "visits_per_day")
        )
