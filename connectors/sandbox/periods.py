"""Calendar periods in UTC: days, ISO weeks from Monday, months and quarters, half open."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Literal

Grain = Literal["day", "week", "month", "quarter"]
GRAINS: tuple[Grain, ...] = ("day", "week", "month", "quarter")
DAY, WEEK = timedelta(days=1), timedelta(days=7)


def period_of(day: date, grain: Grain) -> date:
    """First day of the period that holds a day."""
    if grain == "day":
        return day
    if grain == "week":
        return day - timedelta(days=day.weekday())
    return date(day.year, day.month if grain == "month" else (day.month - 1) // 3 * 3 + 1, 1)


def end_of(start: date, grain: Grain) -> date:
    """First day after the period that starts on a day."""
    if grain == "day":
        return start + DAY
    if grain == "week":
        return start + WEEK
    months = start.year * 12 + start.month - 1 + (1 if grain == "month" else 3)
    return date(months // 12, months % 12 + 1, 1)


def periods(first: date, until: date, grain: Grain) -> Iterator[date]:
    """Starts of all periods from the one that holds `first` to the last one that starts before `until`."""
    start = period_of(first, grain)
    while start < until:
        yield start
        start = end_of(start, grain)
