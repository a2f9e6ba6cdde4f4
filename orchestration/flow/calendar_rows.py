"""The settings' calendars, and which team works by which of them, as rows."""

from importlib.metadata import version
from typing import Any

import pyarrow as pa

from orchestration.settings.calendars import DEFAULT_CALENDAR, WEEKDAYS, Calendar
from orchestration.settings.models import Settings, midnight

_INSTANT = pa.timestamp("us", tz="UTC")
_CALENDARS = pa.schema(
    [
        ("calendar_id", pa.string()),
        ("time_zone", pa.string()),
        ("country", pa.string()),
        ("subdivision", pa.string()),
        ("hours", pa.list_(pa.string())),
        ("days_off", pa.list_(pa.date32())),
        ("working_days", pa.list_(pa.date32())),
        ("valid_from", pa.date32()),
        ("valid_until", pa.date32()),
        ("holidays_version", pa.string()),
    ]
)
_TEAM_CALENDARS = pa.schema(
    [
        ("team_id", pa.string()),
        ("calendar_id", pa.string()),
        ("valid_from", _INSTANT),
        ("valid_until", _INSTANT),
    ]
)


def calendar_rows(settings: Settings) -> dict[str, pa.Table]:
    """Return `config.calendars` and `config.team_calendars`.

    There always is a default calendar, of whoever has no other: office hours from Monday to Friday in the
    reporting time zone, unless the settings describe one of that name.
    """
    calendars = list(settings.calendars)
    if DEFAULT_CALENDAR not in {calendar.name for calendar in calendars}:
        calendars.append(Calendar(name=DEFAULT_CALENDAR, time_zone=settings.reporting.time_zone))
    zone = settings.reporting.time_zone
    team_calendars = [
        {
            "team_id": team.name,
            "calendar_id": team.calendar,
            "valid_from": midnight(team.from_, zone),
            "valid_until": midnight(team.until, zone) if team.until else None,
        }
        for team in settings.teams
        if team.calendar
    ]
    return {
        "calendars": pa.Table.from_pylist([_row(calendar) for calendar in calendars], schema=_CALENDARS),
        "team_calendars": pa.Table.from_pylist(team_calendars, schema=_TEAM_CALENDARS),
    }


def _row(calendar: Calendar) -> dict[str, Any]:
    hours = [
        f"{number} {window.strip()}"
        for number, day in enumerate(WEEKDAYS, start=1)
        if day in calendar.hours
        for window in calendar.hours[day].split(",")
    ]
    return {
        "calendar_id": calendar.name,
        "time_zone": calendar.time_zone,
        "country": calendar.country,
        "subdivision": calendar.subdivision,
        "hours": hours,
        "days_off": sorted(calendar.days_off),
        "working_days": sorted(calendar.working_days),
        "valid_from": calendar.from_,
        "valid_until": calendar.until,
        # another version may know other holidays: then everything that rests on them is built anew
        "holidays_version": version("holidays") if calendar.country else None,
    }
