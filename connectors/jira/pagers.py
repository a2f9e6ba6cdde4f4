"""How Jira's pages follow each other where the usual ways would lose records."""

from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from connectors.http.answers import Answer
from connectors.http.pagers import parameter_of, value_at, with_parameters
from connectors.http.places import body_at, parts_of, place_of
from connectors.jira.records import Issue

_AFTER = "after"


class _Found(msgspec.Struct, rename="camel"):
    total: int = 0
    max_results: int = 0
    issues: list[Issue] = []


_FOUND = msgspec.json.Decoder(_Found)


@dataclass(frozen=True, slots=True)
class SteadyOffset:
    """A search by offsets from which issues drop out while it is read.

    An edited issue leaves its place, everything behind it moves up, and the next offset begins too late. So
    each page begins with the last issue of the page before (the *anchor*, carried along in a parameter that
    Jira ignores). Where it does not, and nothing that sorts before the anchor is there either, the pages have
    moved apart: almost a page back (so that no page comes twice), until they meet. Where nothing moves,
    nothing extra is asked for.

    Attributes:
        size: Issues on a page.
        order: What the search is sorted by first; the key decides among equals.
    """

    size: int
    order: Literal["updated", "key"] = "updated"

    def first(self, url: str) -> str:
        """The search from its start."""
        return with_parameters(url, {"startAt": "0", "maxResults": str(self.size)})

    def following(self, url: str, answer: Answer, *, record_count: int) -> str | None:
        """The page that begins with the last issue of this one, or the page before if they lost touch."""
        del record_count
        found = _FOUND.decode(answer.body)
        start = int(parameter_of(url, "startAt") or 0)
        if start and not self._meets(found.issues, parameter_of(url, _AFTER) or ""):
            back = max(1, (found.max_results or self.size) - 2)
            return with_parameters(url, {"startAt": str(max(0, start - back))})
        end = start + len(found.issues)
        if end >= found.total or not found.issues:
            return None
        last = found.issues[-1]
        anchor = f"{self._rank(last)}~{last.id}"
        return with_parameters(url, {"startAt": str(end - 1), _AFTER: anchor})

    def _meets(self, issues: list[Issue], anchor: str) -> bool:
        """Whether the page holds the anchor where it was, or begins before that place."""
        rank, _, number = anchor.partition("~")
        if not rank:
            return True
        return bool(issues) and (
            any(issue.id == number and self._rank(issue) == int(rank) for issue in issues)
            or self._rank(issues[0]) < int(rank)
        )

    def _rank(self, issue: Issue) -> int:
        return issue.updated_milliseconds if self.order == "updated" else issue.number


@dataclass(frozen=True, slots=True)
class BodyToken:
    """The answer to a POST holds a token for the next body; after the last it is missing or repeats."""

    path: tuple[str, ...] = ("nextPageToken",)

    def first(self, url: str) -> str:
        """The request as it is."""
        return url

    def following(self, url: str, answer: Answer, *, record_count: int) -> str | None:
        """The same request with the new token."""
        del record_count
        token = value_at(answer.body, self.path)
        asked: dict[str, Any] = body_at(url) or {}
        if not isinstance(token, str) or not token or asked.get(self.path[-1]) == token:
            return None
        return place_of(parts_of(url)[0], {**asked, self.path[-1]: token})


@dataclass(frozen=True, slots=True)
class ChangeFeed:
    """Ids of what changed, oldest first: the next page starts at the youngest of this one.

    The link in the body names the site as others know it; the instant beside it is enough.
    """

    def first(self, url: str) -> str:
        """The feed itself."""
        return url

    def following(self, url: str, answer: Answer, *, record_count: int) -> str | None:
        """The feed from the youngest change on."""
        until = value_at(answer.body, ("until",))
        is_last = value_at(answer.body, ("lastPage",)) is not False
        if is_last or record_count == 0 or not isinstance(until, int):
            return None
        return with_parameters(url, {"since": str(until)})


@dataclass(frozen=True, slots=True)
class UntilEmpty:
    """Offsets until a page is empty: what the account may not see is left out of pages."""

    size: int = 1000

    def first(self, url: str) -> str:
        """The listing from its start."""
        return with_parameters(url, {"startAt": "0", "maxResults": str(self.size)})

    def following(self, url: str, answer: Answer, *, record_count: int) -> str | None:
        """The next stretch of the listing, whatever this one left out."""
        del answer
        if record_count == 0:
            return None
        start = int(parameter_of(url, "startAt") or 0)
        return with_parameters(url, {"startAt": str(start + self.size)})


@dataclass(frozen=True, slots=True)
class UntilLast:
    """Offsets until the answer says that it was the last, or until its total where it does not say."""

    size: int

    def first(self, url: str) -> str:
        """The listing from its start."""
        return with_parameters(url, {"startAt": "0", "maxResults": str(self.size)})

    def following(self, url: str, answer: Answer, *, record_count: int) -> str | None:
        """The page after what this one holds."""
        end = int(parameter_of(url, "startAt") or 0) + record_count
        is_last, total = value_at(answer.body, ("isLast",)), value_at(answer.body, ("total",))
        if record_count == 0 or is_last is True or (is_last is None and total == end):
            return None
        return with_parameters(url, {"startAt": str(end)})
