"""When a field is missed: how many records of a day lack it, beside those of the days before."""

from collections.abc import Sequence
from typing import Final

from quality_checks.source_drift.sighted import SightedDay

LEAST_RECORDS: Final = 20
"""A field disappears where none of that many records has it, and all of that many before had it."""
LEAST_RECORDS_OF_SHARES: Final = 50
MOST_MISSING_BEFORE: Final = 0.5
LEAST_MISSING_NOW: Final = 0.9


def has_it(day: SightedDay) -> bool:
    """Say whether a field is there again after it was missed."""
    return day.missing_share < LEAST_MISSING_NOW


def has_disappeared(before: Sequence[SightedDay], day: SightedDay) -> bool:
    """Say whether no record of a day has a field that all records before had."""
    records = sum(each.record_count for each in before)
    was_always_there = records >= LEAST_RECORDS and not any(each.absent_count for each in before)
    return was_always_there and day.record_count >= LEAST_RECORDS and day.absent_count == day.record_count


def is_mostly_missing(before: Sequence[SightedDay], day: SightedDay) -> bool:
    """Say whether a field mostly lacks a value that it mostly had on each day before."""
    large = [each for each in before if each.record_count >= LEAST_RECORDS_OF_SHARES]
    return (
        bool(large)
        and max(each.missing_share for each in large) <= MOST_MISSING_BEFORE
        and day.record_count >= LEAST_RECORDS_OF_SHARES
        and day.missing_share >= LEAST_MISSING_NOW
    )
