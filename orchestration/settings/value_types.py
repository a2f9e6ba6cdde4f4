"""Types of single values in the settings: what a pattern, a time zone and working hours may be."""

import re
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

DAY_MINUTES = 24 * 60
_HOURS = re.compile(r"(\d{2}):(\d{2})-(\d{2}):(\d{2})")


def _regex(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise PydanticCustomError(
            "regex",
            "'{pattern}' is not a regular expression: {reason}",
            {"pattern": pattern, "reason": str(error)},
        ) from None
    return _accepted_by_the_warehouse(pattern)


def _accepted_by_the_warehouse(pattern: str) -> str:
    """DuckDB matches with RE2, which has no look-around and no back-references."""
    import duckdb  # noqa: PLC0415 - 30 MB, only where there is a pattern

    try:
        duckdb.execute("select regexp_matches('', ?)", [pattern])
    except duckdb.Error as error:
        raise PydanticCustomError(
            "regex",
            "'{pattern}' cannot be matched in the warehouse: {reason}",
            {"pattern": pattern, "reason": str(error).splitlines()[0]},
        ) from None
    return pattern


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise PydanticCustomError(
            "time_zone",
            "'{name}' is not a time zone of the IANA database, such as UTC or Europe/Berlin",
            {"name": name},
        ) from None
    return name


def _hours(text: str) -> str:
    """Check '09:00-12:30, 13:00-17:00': windows of one day in order; the day ends at 24:00."""
    reached = 0
    for window in text.split(","):
        found = _HOURS.fullmatch(window.strip())
        numbers = [int(part) for part in found.groups()] if found else [0, 99, 0, 0]
        start, end = numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]
        if max(numbers[1], numbers[3]) > 59 or not reached <= start < end <= DAY_MINUTES:  # noqa: PLR2004 - minutes
            raise PydanticCustomError(
                "hours",
                "'{text}' are no working hours of one day, such as 09:00-17:00 or 08:00-12:00, 13:00-24:00",
                {"text": text},
            )
        reached = end
    return text


Regex = Annotated[str, AfterValidator(_regex)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
Hours = Annotated[str, AfterValidator(_hours)]
