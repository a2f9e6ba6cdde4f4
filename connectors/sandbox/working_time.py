"""When people work: Monday to Friday in office hours, with a company holiday at the turn of the year."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime

MINUTE = 60
HOUR = 3600
DAY = 86400

OPENS = 7 * HOUR
CLOSES = 18 * HOUR
FRIDAY = 4
EPOCH_WEEKDAY = 3
"""1 January 1970 was a Thursday."""


def is_holiday(instant: int) -> bool:
    """Whether the whole company rests: 24 December to 1 January."""
    moment = datetime.fromtimestamp(instant, UTC)
    return (moment.month, moment.day) >= (12, 24) or (moment.month, moment.day) == (1, 1)


def weekday(instant: int) -> int:
    """Monday is 0."""
    return (instant // DAY + EPOCH_WEEKDAY) % 7


def is_working(instant: int) -> bool:
    """Whether people are at work at this instant."""
    return weekday(instant) <= FRIDAY and OPENS <= instant % DAY < CLOSES and not is_holiday(instant)


def when_working(chance: random.Random, instant: int) -> int:
    """The instant itself in working time, else a moment of the next working morning."""
    if is_working(instant):
        return instant
    day = instant - instant % DAY
    if instant % DAY >= OPENS:
        day += DAY
    while weekday(day) > FRIDAY or is_holiday(day):
        day += DAY
    return day + OPENS + chance.randrange(3 * HOUR)


def after(chance: random.Random, instant: int, mean_seconds: float) -> int:
    """A working moment some exponentially distributed time later."""
    return when_working(chance, instant + 1 + int(chance.expovariate(1 / mean_seconds)))


def working_days(starts_at: int, ends_at: int) -> Iterator[int]:
    """Midnights of the working days in [starts_at, ends_at)."""
    for day in range(starts_at - starts_at % DAY, ends_at, DAY):
        if weekday(day) <= FRIDAY and not is_holiday(day):
            yield day
