"""Working time as reports count it unless a team says otherwise: Monday to Friday, 9 to 17 o'clock in UTC."""

from connectors.sandbox.working_time import DAY, FRIDAY, HOUR, weekday

OPENS, CLOSES = 9 * HOUR, 17 * HOUR


def office_seconds(starts_at: int, ends_at: int) -> int:
    """Seconds of working time in [starts_at, ends_at), day by day."""
    return sum(
        max(0, min(ends_at, day + CLOSES) - max(starts_at, day + OPENS))
        for day in range(starts_at - starts_at % DAY, ends_at, DAY)
        if weekday(day) <= FRIDAY
    )
