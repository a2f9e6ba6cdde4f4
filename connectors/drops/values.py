"""Values of a drop's columns: from what a file holds to what JSON says of the declared type."""

import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.drops.declarations import DropType

EXPECTED: Mapping[DropType, str] = {
    "varchar": "a text",
    "bigint": "a whole number of 64 bits",
    "integer": "a whole number of 32 bits",
    "double": "a finite number",
    "boolean": "true or false",
    "date": "a day such as 2026-03-31",
    "timestamptz": "an instant with its offset, such as 2026-03-31T12:00:00Z (or set time_zone)",
    "epoch_seconds": "seconds since 1970",
    "epoch_milliseconds": "milliseconds since 1970",
    "json": "JSON",
}
_BOUNDS: Mapping[str, int] = {"integer": 2**31, "bigint": 2**63}
_TRUE, _FALSE = ("true", "1"), ("false", "0")


def read_text(text: str, kind: DropType, zone: ZoneInfo | None) -> Any:
    """A cell of text as a value of the type; None where it is empty.

    Raises:
        ValueError: It is none.
        TypeError: It is none.
    """
    if text == "":
        return None
    spoken = _SPOKEN.get(kind)
    return read_value(text if spoken is None else spoken(text), kind, zone)


def read_value(value: Any, kind: DropType, zone: ZoneInfo | None) -> Any:
    """A value of JSON or Parquet as a value of the type; None stays None.

    Raises:
        ValueError: It is none.
        TypeError: It is none.
    """
    return value if value is None or kind == "json" else _READERS[kind](value, kind, zone)


def _number(text: str) -> float:
    if "_" in text:
        raise ValueError(text)
    return float(text)


def _whole_number(text: str) -> int:
    if "_" in text:
        raise ValueError(text)
    return int(text)


def _truth(text: str) -> bool:
    if text.lower() not in (*_TRUE, *_FALSE):
        raise ValueError(text)
    return text.lower() in _TRUE


_SPOKEN: Mapping[DropType, Callable[[str], Any]] = {
    "bigint": _whole_number,
    "integer": _whole_number,
    "double": _number,
    "boolean": _truth,
    "epoch_seconds": _number,
    "epoch_milliseconds": _number,
    "json": json.loads,
}


def _read_text(value: Any, _kind: DropType, _zone: ZoneInfo | None) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _read_whole(value: Any, kind: DropType, _zone: ZoneInfo | None) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(value)
    number = int(value)
    if not -_BOUNDS[kind] <= number < _BOUNDS[kind]:
        raise ValueError(value)
    return number


def _read_number(value: Any, _kind: DropType, _zone: ZoneInfo | None) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(value)
    if not math.isfinite(value):
        raise ValueError(value)
    return float(value)


def _read_truth(value: Any, _kind: DropType, _zone: ZoneInfo | None) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _read_day(value: Any, _kind: DropType, _zone: ZoneInfo | None) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    return date.fromisoformat(value).isoformat()


def _read_instant(value: Any, _kind: DropType, zone: ZoneInfo | None) -> str:
    instant = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    if instant.tzinfo is None:
        if zone is None:
            raise ValueError(value)
        instant = instant.replace(tzinfo=zone)
    return _written(instant)


def _read_epoch(value: Any, kind: DropType, _zone: ZoneInfo | None) -> str:
    number = _read_number(value, kind, None)
    seconds = number / 1000 if kind == "epoch_milliseconds" else number
    try:
        return _written(datetime.fromtimestamp(seconds, UTC))
    except (OverflowError, OSError) as error:
        raise ValueError(value) from error


_READERS: Mapping[DropType, Callable[[Any, DropType, ZoneInfo | None], Any]] = {
    "varchar": _read_text,
    "bigint": _read_whole,
    "integer": _read_whole,
    "double": _read_number,
    "boolean": _read_truth,
    "date": _read_day,
    "timestamptz": _read_instant,
    "epoch_seconds": _read_epoch,
    "epoch_milliseconds": _read_epoch,
}


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
