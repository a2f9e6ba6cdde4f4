"""A loopback proxy between a company's sources and their reader, which changes what they answer."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

import httpx

from tests.replay.loopback import LoopbackServer, Request, Response

_KEPT = ("link", "etag", "date", "content-type", "retry-after")
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of the answers of some endpoints.

    Attributes:
        path: Which, as a pattern of the whole path.
        answer: Gives the changed answer; `ask` asks the source for another target.
        query: Text that the target must hold, unquoted.
        page_size: Records of a page, where the source is to have smaller pages than it is asked for.
        also: Further changes of the same fault.
    """

    path: str
    answer: Callable[[Request, Response, Callable[[str], Response]], Response]
    query: str = ""
    page_size: int | None = None
    also: "tuple[Change, ...]" = ()

    def of(self, request: Request) -> "Change | None":
        """Return this change, or one of the further ones, that is about a request."""
        for change in (self, *self.also):
            if re.fullmatch(change.path, request.path) and change.query in unquote(request.target):
                return change
        return None


@dataclass
class Proxy:
    """What stands between; without a change it hands on what it hears."""

    upstream: str
    change: Change | None = None
    changed: int = 0
    _client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=120.0))

    def __post_init__(self) -> None:
        self.server = LoopbackServer(self._answer)

    @contextmanager
    def changing(self, change: Change) -> Iterator[None]:
        """Change answers for the length of the block; at least one must be another for it."""
        self.change, self.changed = change, 0
        try:
            yield
        finally:
            self.change = None
        assert self.changed, "no answer was changed: nothing was planted"

    def _answer(self, request: Request) -> Response:
        change = self.change.of(request) if self.change else None
        if change is None:
            return self._ask(request, request.target)
        target = request.target
        if change.page_size is not None:
            target = re.sub(r"per_page=\d+", f"per_page={change.page_size}", target)
        fresh = {name: value for name, value in request.headers.items() if name != "if-none-match"}
        plain = replace(request, headers=fresh)
        sound = self._ask(plain, target)
        answer = change.answer(request, sound, lambda other: self._ask(plain, other))
        if answer != sound:
            self.changed += 1
            answer = replace(answer, headers={k: v for k, v in answer.headers.items() if k != "etag"})
        return answer

    def _ask(self, request: Request, target: str) -> Response:
        headers = {name: value for name, value in request.headers.items() if name != "accept-encoding"}
        found = self._client.request(
            request.method, self.upstream + target, headers=headers, content=request.body
        )
        kept = {
            name: value
            for name, value in found.headers.items()
            if name in _KEPT or name.startswith(("x-", "ratelimit"))
        }
        return Response(found.content, found.status_code, kept)


def listed(
    path: str,
    change: Callable[[list[Record]], Sequence[Record]],
    *,
    envelope: str | None = None,
    query: str = "",
    total: str | None = None,
    also: tuple[Change, ...] = (),
) -> Change:
    """Change the records of a list.

    Args:
        path: Which lists.
        change: Gives other records.
        envelope: Where they stand; None at the top.
        query: Text that the target must hold, unquoted.
        total: The field that tells how many there are, where it is to fit what is left.
        also: Further changes.
    """

    def answer(_: Request, sound: Response, __: object) -> Response:
        document = decoded(sound)
        if document is None:
            return sound
        before = document if envelope is None else document[envelope]
        after = list(change(json.loads(json.dumps(before))))
        if after == before:
            return sound
        if envelope is None:
            return replace(sound, body=encoded(after))
        told = document | {envelope: after}
        if total is not None and isinstance(document.get(total), int):
            told[total] = document[total] - len(before) + len(after)
        return replace(sound, body=encoded(told))

    return Change(path, answer, query=query, also=also)


def each(
    path: str,
    change: Callable[[Record], Record],
    *,
    envelope: str | None = None,
    items: str | None = None,
    query: str = "",
) -> Change:
    """Change every record of lists, and of the items' own endpoint where it is named."""

    def single(_: Request, sound: Response, __: object) -> Response:
        document = decoded(sound)
        return sound if document is None else replace(sound, body=encoded(change(document)))

    also = () if items is None else (Change(items, single),)
    return listed(
        path, lambda records: [change(one) for one in records], envelope=envelope, query=query, also=also
    )


def decoded(response: Response) -> Any:
    """The document of an answer that is one; None of any other."""
    is_document = response.status == 200 and response.body[:1] in (b"{", b"[")
    return json.loads(response.body) if is_document else None


def encoded(document: object) -> bytes:
    """The body of a document."""
    return json.dumps(document).encode()
