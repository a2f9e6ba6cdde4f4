"""How one page leads to the next: one tiny object per convention.

A pager answers two questions, the URL of the first page and the URL of the page after this one, and keeps no
state of its own: everything it needs stands in the request and the answer, so a chain can go on from any
page.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import msgspec

from connectors.http.answers import Answer

_LINK = re.compile(r'<([^>]*)>((?:\s*;\s*[^;,="\s]+(?:\s*=\s*(?:"[^"]*"|[^",;]*))?)*)')
_LINK_PARAMETER = re.compile(r';\s*([^;,="\s]+)\s*=\s*(?:"([^"]*)"|([^",;]*))')


class Pager(Protocol):
    """The contract: where a chain of pages starts and how it goes on."""

    def first(self, url: str) -> str:
        """The URL of the first page of a listing."""

    def following(self, url: str, answer: Answer, *, record_count: int) -> str | None:
        """The URL (or relative link) of the page after the one that `url` gave, or None after the last."""


@dataclass(frozen=True, slots=True)
class SinglePage:
    """There is one page."""

    def first(self, url: str) -> str:
        """The URL itself."""
        return url

    def following(self, url: str, answer: Answer, *, record_count: int) -> str | None:
        """Never another page."""
        del url, answer, record_count
        return None


@dataclass(frozen=True, slots=True)
class LinkHeader:
    """The answer's `Link` header names the next page (RFC 8288, `rel="next"`)."""

    size: int = 100
    size_parameter: str = "per_page"

    def first(self, url: str) -> str:
        """The listing, asked for in full pages."""
        return with_parameters(url, {self.size_parameter: str(self.size)})

    def following(self, url: str, answer: Answer, *, record_count: int) -> str | None:
        """The link with `rel="next"`."""
        del url, record_count
        target = link_relation(answer.header("link"), "next")
        return None if target is None else target.partition("#")[0]


@dataclass(frozen=True, slots=True)
class PageNumber:
    """Pages are numbered; a page that is not full is the last."""

    size: int = 100
    parameter: str = "page"
    size_parameter: str = "per_page"
    start: int = 1

    def first(self, url: str) -> str:
        """The listing at its first number."""
        return with_parameters(url, {self.parameter: str(self.start), self.size_parameter: str(self.size)})

    def following(self, url: str, answer: Answer, *, record_count: int) -> str | None:
        """The next number, unless this page was short."""
        del answer
        if record_count < self.size:
            return None
        return with_parameters(
            url, {self.parameter: str(int(parameter_of(url, self.parameter) or self.start) + 1)}
        )


@dataclass(frozen=True, slots=True)
class Offset:
    """Pages start at an offset; a total, a flag or a short page tells the last.

    Records that leave the listing while it is read shift those after them to earlier places, where nobody
    looks any more. So where the API claims a total, each place carries the one before (behind `#`, which is
    never sent): after a fall the same stretch is read again, as many places earlier as records have left.
    """

    size: int = 100
    parameter: str = "offset"
    size_parameter: str = "limit"
    total_path: tuple[str, ...] = ()
    more_path: tuple[str, ...] = ()

    def first(self, url: str) -> str:
        """The listing from its start."""
        return with_parameters(url, {self.parameter: "0", self.size_parameter: str(self.size)})

    def following(self, url: str, answer: Answer, *, record_count: int) -> str | None:
        """The offset after the records of this page."""
        place, _, before = url.partition("#total=")
        start = int(parameter_of(place, self.parameter) or 0)
        total = value_at(answer.body, self.total_path) if self.total_path else None
        if not isinstance(total, int):
            return self._without_total(place, answer, start, record_count)
        left = int(before) - total if before else 0
        if left > 0 and start > 0:
            return f"{with_parameters(place, {self.parameter: str(max(0, start - left))})}#total={total}"
        after = start + record_count
        if record_count == 0 or after >= total:
            return None
        return f"{with_parameters(place, {self.parameter: str(after)})}#total={total}"

    def _without_total(self, place: str, answer: Answer, start: int, record_count: int) -> str | None:
        is_last = not value_at(answer.body, self.more_path) if self.more_path else record_count < self.size
        if is_last or record_count == 0:
            return None
        return with_parameters(place, {self.parameter: str(start + record_count)})


@dataclass(frozen=True, slots=True)
class Cursor:
    """The body holds the complete URL of the next page."""

    path: tuple[str, ...] = ("next",)

    def first(self, url: str) -> str:
        """The listing itself."""
        return url

    def following(self, url: str, answer: Answer, *, record_count: int) -> str | None:
        """The link in the body."""
        del url, record_count
        link = value_at(answer.body, self.path)
        return link.partition("#")[0] or None if isinstance(link, str) else None


@dataclass(frozen=True, slots=True)
class Token:
    """The body holds a token for the next page; after the last it is missing or repeats."""

    path: tuple[str, ...] = ("nextPageToken",)
    parameter: str = "nextPageToken"

    def first(self, url: str) -> str:
        """The listing itself."""
        return url

    def following(self, url: str, answer: Answer, *, record_count: int) -> str | None:
        """The same listing with the new token."""
        del record_count
        token = value_at(answer.body, self.path)
        if not isinstance(token, str | int) or isinstance(token, bool) or token == "":
            return None
        if parameter_of(url, self.parameter) == str(token):
            return None
        return with_parameters(url, {self.parameter: str(token)})


def link_relation(header: str | None, relation: str) -> str | None:
    """The target of a relation in a `Link` header, or None."""
    for target, parameters in _LINK.findall(header or ""):
        for name, quoted, plain in _LINK_PARAMETER.findall(parameters):
            if name.lower() == "rel" and relation in (quoted or plain).lower().split():
                return str(target)
    return None


def with_parameters(url: str, parameters: Mapping[str, Any]) -> str:
    """The URL with query parameters set, those it has replaced in place; a list is set once for each."""
    parts = urlsplit(url)
    waiting = dict(parameters)
    pairs: list[tuple[str, Any]] = []
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name in waiting:
            pairs.append((name, waiting.pop(name)))
        elif name not in parameters:
            pairs.append((name, value))
    query = urlencode([*pairs, *waiting.items()], doseq=True, quote_via=quote)
    return urlunsplit(parts._replace(query=query))


def parameter_of(url: str, name: str) -> str | None:
    """A query parameter's value, or None."""
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True)).get(name)


def value_at(body: bytes, path: tuple[str, ...]) -> object:
    """The value at a path of object fields in a JSON body; None where there is none."""
    raw = msgspec.Raw(body)
    for name in path:
        try:
            fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        except msgspec.ValidationError:
            return None
        if name not in fields:
            return None
        raw = fields[name]
    value: object = msgspec.json.decode(raw)
    return value
