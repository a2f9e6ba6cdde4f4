"""What PagerDuty makes of query parameters: pages, windows, time zones, and what it refuses."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from connectors.sandbox.api import ApiRequest

ACCOUNT_ZONE = timezone(timedelta(hours=-5))
"""The account's time zone, in which PagerDuty reads and writes instants unless it is told another one."""

LARGEST_PAGE = 100
DEFAULT_PAGE = 25
MOST_RESULTS = 10_000
"""The largest sum of offset and limit ("Pagination": offset plus limit at most 10,000)."""

LONGEST_RANGE = timedelta(days=181)
DEFAULT_RANGE = timedelta(days=30)


class InvalidInputError(Exception):
    """A parameter that PagerDuty refuses."""


@dataclass(frozen=True, slots=True)
class Window:
    """From an instant up to but without another, in epoch seconds."""

    start: int
    end: int

    def holds(self, instant: int) -> bool:
        """Whether the instant lies in it."""
        return self.start <= instant < self.end


@dataclass(frozen=True, slots=True)
class PageWanted:
    """Which part of a listing is wanted."""

    offset: int
    limit: int
    has_total: bool


def zone_wanted(request: ApiRequest) -> tzinfo:
    """The zone to read and write instants in."""
    name = request.parameter("time_zone")
    if not name:
        return ACCOUNT_ZONE
    if name not in ("UTC", "Etc/UTC"):
        raise InvalidInputError(f"Time zone {name} is unknown.")
    return UTC


def page_wanted(request: ApiRequest, most_results: int) -> PageWanted:
    """The page, at most 100 records of it.

    Raises:
        InvalidInputError: It lies past the most results that a listing gives.
    """
    offset = int(request.parameter("offset", "0"))
    limit = min(int(request.parameter("limit", str(DEFAULT_PAGE))), LARGEST_PAGE)
    if offset + limit > most_results:
        raise InvalidInputError(f"Offset plus limit must not be greater than {most_results}.")
    return PageWanted(offset, limit, request.parameter("total") == "true")


def window_wanted(request: ApiRequest, now: int) -> Window:
    """The range of creation: a month up to now, unless the request says otherwise.

    Raises:
        InvalidInputError: It is longer than six months.
    """
    zone = zone_wanted(request)
    until = _instant(request.parameter("until"), zone) or datetime.fromtimestamp(now + 1, UTC)
    since = _instant(request.parameter("since"), zone) or until - DEFAULT_RANGE
    if until - since > LONGEST_RANGE:
        raise InvalidInputError("The range between since and until must not be longer than 6 months.")
    return Window(int(since.timestamp()), int(until.timestamp()))


def _instant(text: str, zone: tzinfo) -> datetime | None:
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInputError(f"{text} is not a date.") from error
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=zone)
