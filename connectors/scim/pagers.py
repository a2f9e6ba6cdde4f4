"""Pages of a SCIM listing: the first resource is number 1, and a page may be shorter than asked for."""

from dataclasses import dataclass

from connectors.http.answers import Answer
from connectors.http.pagers import parameter_of, value_at, with_parameters

_START = "startIndex"
_COUNT = "count"
_TOTAL = "#total="


@dataclass(frozen=True, slots=True)
class StartIndex:
    """Index-based paging (RFC 7644, section 3.4.2.4).

    A directory keeps no state between pages. Resources that leave the listing while it is read shift those
    after them to earlier places: each place carries the total before (behind `#`, which is not sent), and
    after a fall the same stretch is read again, as many places earlier as resources have left.
    """

    size: int = 100

    def first(self, url: str) -> str:
        """The listing from its first resource."""
        return with_parameters(url, {_START: "1", _COUNT: str(self.size)})

    def following(self, url: str, answer: Answer, *, record_count: int) -> str | None:
        """The place after the resources of this page, by what it held and not by what was asked for."""
        place, _, before = url.partition(_TOTAL)
        start = int(parameter_of(place, _START) or 1)
        total = value_at(answer.body, ("totalResults",))
        if not isinstance(total, int):
            return None
        left = int(before) - total if before else 0
        if left > 0 and start > 1:
            return f"{with_parameters(place, {_START: str(max(1, start - left))})}{_TOTAL}{total}"
        after = start + record_count
        if record_count == 0 or after > total:
            return None
        return f"{with_parameters(place, {_START: str(after)})}{_TOTAL}{total}"
