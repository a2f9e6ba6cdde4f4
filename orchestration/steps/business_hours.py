"""Working time by calendar, so that SQL takes business seconds between two instants from two look-ups by day.

An instant is working time when the wall clock of the calendar's zone shows a working hour of a working day
(DEFINITIONS §2.16). Each time zone is cut where its offset from UTC changes; within a piece the wall clock
runs as evenly as UTC does, so hours that a change of the clocks skips or repeats come out exactly.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

FIRST_DAY = date(2000, 1, 1)
LAST_DAY = date(2060, 1, 1)
"""Working time is known of the days from the first to before the last."""

_DAY = 86_400
_EPOCH = date(1970, 1, 1)
READ_CALENDARS = """
    select *
    from config.calendars
    order by calendar_id, valid_from nulls first, valid_until
"""
WRITE_HOURS = """
    create or replace table computed.working_hours as
    select calendar, day, starts_at, ends_at, cumulative_seconds
    from stretches
    order by calendar, starts_at, ends_at
"""
WRITE_DAYS = """
    create or replace table computed.working_days as
    with days as (
        select calendar, cast(day as date) as utc_date, day at time zone 'UTC' as begins_at
        from (select distinct calendar from computed.working_hours)
        cross join generate_series($first::timestamp, $last::timestamp, interval 1 day) as each(day)
    ),
    reached as (
        select days.calendar, days.utc_date, hours.starts_at, hours.ends_at, hours.cumulative_seconds
        from days
        asof join computed.working_hours as hours
            on hours.calendar = days.calendar and hours.starts_at <= days.begins_at
        union
        select calendar, cast(starts_at as date), starts_at, ends_at, cumulative_seconds
        from computed.working_hours
    )
    select
        calendar, utc_date,
        list(
            {'starts_at': starts_at, 'ends_at': ends_at, 'cumulative_seconds': cumulative_seconds}
            order by starts_at, ends_at
        ) as stretches
    from reached
    group by calendar, utc_date
    order by calendar, utc_date
"""


@dataclass(frozen=True, slots=True)
class WorkingWeek:
    """A calendar as it holds on the local days [first, last).

    Attributes:
        zone: Whose wall clock counts.
        windows: Seconds of the local day, [from, until), by weekday; Monday is 0.
        days_off: Days without work whatever the weekday: holidays and others.
        working_days: Days that are no holidays after all.
        first: The first local day.
        last: The local day after the last one.
    """

    zone: ZoneInfo
    windows: Mapping[int, Sequence[tuple[int, int]]]
    days_off: frozenset[date]
    working_days: frozenset[date]
    first: date
    last: date

    def windows_of(self, day: date) -> Sequence[tuple[int, int]]:
        """Return the working hours of a local day."""
        if not self.first <= day < self.last or (day in self.days_off and day not in self.working_days):
            return ()
        return self.windows.get(day.weekday(), ())


@dataclass(frozen=True, slots=True)
class Stretch:
    """Uninterrupted working time: epoch seconds [starts, ends), and the local day on which it starts."""

    starts: int
    ends: int
    day: date


def write_working_hours(
    connection: duckdb.DuckDBPyConnection, *, first: date = FIRST_DAY, last: date = LAST_DAY
) -> tuple[int, int]:
    """Fill `computed.working_hours` and `working_days` from `config.calendars`; returns the rows of both.

    `cumulative_seconds` is the calendar's working time before the row; each calendar begins where the range
    that is known begins, and ends with a row without length where it ends. A row of `working_days` lists, for
    a calendar and a day in UTC, the stretch that the day begins in or after and those that begin in it: a
    look-up by day is a hash join, where one by instant has to sort all that is looked up.

    Args:
        connection: The warehouse.
        first: The first day of the range.
        last: The day after it.
    """
    connection.execute("create schema if not exists computed")
    weeks: dict[str, list[WorkingWeek]] = {}
    for row in connection.execute(READ_CALENDARS).to_arrow_table().to_pylist():
        weeks.setdefault(row["calendar_id"], []).append(_working_week(row, first, last))
    stretches = {calendar: working_stretches(parts) for calendar, parts in weeks.items()}
    table = _table(stretches, _seconds_of(first), _seconds_of(last))
    connection.register("stretches", table)
    connection.execute(WRITE_HOURS)
    connection.unregister("stretches")
    connection.execute(WRITE_DAYS, {"first": first, "last": last})
    row = connection.execute("select count(*) from computed.working_days").fetchone()
    return int(table.num_rows), int(row[0]) if row else 0


def working_stretches(weeks: Iterable[WorkingWeek]) -> list[Stretch]:
    """Return the working time of one calendar in order, without overlap.

    Args:
        weeks: What holds on which days; where a change of zone makes two overlap, time counts once.
    """
    found = sorted(
        (stretch for week in weeks for stretch in _stretches(week)), key=lambda one: (one.starts, one.ends)
    )
    merged: list[Stretch] = []
    for stretch in found:
        if merged and stretch.starts <= merged[-1].ends:
            last = merged.pop()
            stretch = Stretch(last.starts, max(last.ends, stretch.ends), last.day)  # noqa: PLW2901 - they are one
        merged.append(stretch)
    return merged


def _stretches(week: WorkingWeek) -> Iterator[Stretch]:
    for start, end, offset in _even_pieces(week.zone, week.first, week.last):
        for day_start in range((start + offset) // _DAY * _DAY, end + offset, _DAY):
            day = _day_of(day_start)
            for opens, closes in week.windows_of(day):
                starts = max(start, day_start + opens - offset)
                ends = min(end, day_start + closes - offset)
                if starts < ends:
                    yield Stretch(starts, ends, day)


def _even_pieces(zone: ZoneInfo, first: date, last: date) -> Iterator[tuple[int, int, int]]:
    """Cut time around [first, last) into epoch seconds [start, end) with one offset from UTC each."""
    end = _seconds_of(last) + _DAY
    piece = at = _seconds_of(first) - _DAY
    while at < end:
        following = min(at + _DAY, end)
        if _offset(zone, following) != _offset(zone, at):
            change = _change_between(zone, at, following)
            yield piece, change, _offset(zone, at)
            piece = change
        at = following
    yield piece, end, _offset(zone, piece)


def _change_between(zone: ZoneInfo, before: int, after: int) -> int:
    """Return the first second with another offset than `before` has."""
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(zone, middle) == _offset(zone, before):
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, epoch_second: int) -> int:
    offset = datetime.fromtimestamp(epoch_second, zone).utcoffset() or timedelta(0)
    return offset // timedelta(seconds=1)


def _seconds_of(day: date) -> int:
    return (day - _EPOCH).days * _DAY


def _working_week(row: Mapping[str, Any], first: date, last: date) -> WorkingWeek:
    """Read a row of `config.calendars`; `hours` are texts such as '1 09:00-17:00', Monday being 1."""
    first = max(row["valid_from"] or first, first)
    last = min(row["valid_until"] or last, last)
    windows: dict[int, list[tuple[int, int]]] = {}
    for text in row["hours"] or ():
        weekday, _, window = text.partition(" ")
        opens, _, closes = window.partition("-")
        windows.setdefault(int(weekday) - 1, []).append((_time_of_day(opens), _time_of_day(closes)))
    return WorkingWeek(
        zone=ZoneInfo(row["time_zone"]),
        windows=windows,
        days_off=_holidays(row["country"], row["subdivision"], first, last) | set(row["days_off"] or ()),
        working_days=frozenset(row["working_days"] or ()),
        first=first,
        last=last,
    )


def _time_of_day(text: str) -> int:
    hour, _, minute = text.partition(":")
    return int(hour) * 3600 + int(minute) * 60


def _holidays(country: str | None, subdivision: str | None, first: date, last: date) -> frozenset[date]:
    """Return the public holidays of a place, those that are observed on another day too."""
    if country is None:
        return frozenset()
    import holidays  # noqa: PLC0415 - only where a calendar names a country

    years = range(first.year, last.year + 1)
    return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=years))


def _table(calendars: Mapping[str, Sequence[Stretch]], first: int, last: int) -> pa.Table:
    rows: list[tuple[str, Stretch, int]] = []
    for calendar, stretches in calendars.items():
        inside = [
            Stretch(max(one.starts, first), min(one.ends, last), one.day)
            for one in stretches
            if one.ends > first and one.starts < last
        ]
        opening = [] if inside and inside[0].starts == first else [Stretch(first, first, _day_of(first))]
        ordered = [*opening, *inside, Stretch(last, last, _day_of(last))]
        before = accumulate((one.ends - one.starts for one in ordered), initial=0)
        rows.extend((calendar, one, seconds) for one, seconds in zip(ordered, before, strict=False))
    instant = pa.timestamp("us", tz="UTC")
    return pa.table(
        {
            "calendar": pa.array([calendar for calendar, _, _ in rows], pa.string()),
            "day": pa.array([one.day for _, one, _ in rows], pa.date32()),
            "starts_at": pa.array([_instant(one.starts) for _, one, _ in rows], instant),
            "ends_at": pa.array([_instant(one.ends) for _, one, _ in rows], instant),
            "cumulative_seconds": pa.array([seconds for _, _, seconds in rows], pa.int64()),
        }
    )


def _day_of(epoch_second: int) -> date:
    return _EPOCH + timedelta(seconds=epoch_second)


def _instant(epoch_second: int) -> datetime:
    return datetime.fromtimestamp(epoch_second, UTC)
