"""The parameters of a range query, read as Prometheus reads them, with its refusals."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from connectors.sandbox.prometheus.traffic import Instants

MAX_POINTS = 11_000
_DURATION = re.compile(r"(?:(\d+)(ms|s|m|h|d|w|y))+")
_DURATION_PART = re.compile(r"(\d+)(ms|s|m|h|d|w|y)")
_UNIT_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}


class BadRequestError(Exception):
    """The server refuses the request (`bad_data`)."""


@dataclass(frozen=True, slots=True)
class RangeParameters:
    """A range query, in whole epoch seconds; the end is inclusive."""

    query: str
    start: int
    end: int
    step: int

    @property
    def instants(self) -> Instants:
        """The steps."""
        return np.arange(self.start, self.end + 1, self.step, dtype=np.int64)


def range_parameters(given: Mapping[str, str], *, most_points: int | None = MAX_POINTS) -> RangeParameters:
    """Read and check the parameters.

    Args:
        given: As they were sent.
        most_points: How many points a series may have; None for a subquery, which may have any number.

    Raises:
        BadRequestError: As Prometheus says it.
    """
    start = _parsed("start", given, instant_seconds, "a valid timestamp")
    end = _parsed("end", given, instant_seconds, "a valid timestamp")
    if end < start:
        raise BadRequestError(_invalid("end", "end timestamp must not be before start time"))
    step = _parsed("step", given, _duration, "a valid duration")
    if step <= 0:
        refusal = "zero or negative query resolution step widths are not accepted. Try a positive integer"
        raise BadRequestError(_invalid("step", refusal))
    if most_points is not None and (end - start) / step > most_points:
        raise BadRequestError(
            "exceeded maximum resolution of 11,000 points per timeseries. "
            "Try decreasing the query resolution (?step=XX)"
        )
    if not given.get("query"):
        raise BadRequestError(
            _invalid("query", "unknown position: parse error: no expression found in input")
        )
    return RangeParameters(given["query"], int(start), int(end), max(1, int(step)))


def _invalid(name: str, reason: str) -> str:
    return f'invalid parameter "{name}": {reason}'


def _parsed(name: str, given: Mapping[str, str], read: Callable[[str], float], wanted: str) -> float:
    text = given.get(name, "")
    try:
        return read(text)
    except ValueError as error:
        raise BadRequestError(_invalid(name, f'cannot parse "{text}" to {wanted}')) from error


def instant_seconds(text: str) -> float:
    """Read epoch seconds, or an instant as RFC 3339 has it."""
    try:
        return float(text)
    except ValueError:
        return datetime.fromisoformat(text).timestamp()


def _duration(text: str) -> float:
    if _DURATION.fullmatch(text):
        parts = _DURATION_PART.findall(text)
        return sum(int(count) * _UNIT_SECONDS[unit] for count, unit in parts)
    return float(text)
