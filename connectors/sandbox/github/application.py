"""The simulated GitHub as an ASGI application: authentication, limits, faults, conditional requests."""

import hashlib
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from connectors.sandbox.faults import NO_FAULTS, Fault, FaultPlan
from connectors.sandbox.github import graphql
from connectors.sandbox.github.accounts import encode
from connectors.sandbox.github.fold import GitHubFold
from connectors.sandbox.github.paging import Listing, Query, RefusedError, page_of
from connectors.sandbox.github.routes import answer
from connectors.sandbox.github.view import GitHubView, Moved

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Headers = list[tuple[bytes, bytes]]

HOUR = 3600
KEPT_BODIES = 96 * 1024 * 1024
"""Bytes of rendered bodies that are kept for the next request."""

DOCUMENTATION = "https://docs.github.example/rest"
COMMON: Headers = [
    (b"content-type", b"application/json; charset=utf-8"),
    (b"cache-control", b"private, max-age=60, s-maxage=60"),
    (b"vary", b"Accept, Authorization, Cookie, X-GitHub-OTP"),
    (b"x-github-media-type", b"github.v3; format=json"),
    (b"x-github-api-version-selected", b"2022-11-28"),
]


@dataclass(slots=True)
class Rendered:
    """An answer as it is sent, without the host in its links."""

    etag: bytes
    links: str
    body: bytes | None
    location: str | None = None


@dataclass(slots=True)
class Counters:
    """What the server was asked, for tests and benchmarks."""

    requests: int = 0
    not_modified: int = 0
    body_bytes: int = 0
    statuses: Counter[int] = field(default_factory=Counter)

    def to_document(self) -> dict[str, Any]:
        """The counters as JSON values."""
        return {
            "requests": self.requests,
            "not_modified": self.not_modified,
            "body_bytes": self.body_bytes,
            "statuses": {str(status): count for status, count in sorted(self.statuses.items())},
        }


class GitHubApplication:
    """Serves one organisation's GitHub; `move_to` lets time pass.

    Args:
        fold: The state and how it goes on.
        token: The one token that is let in; None lets everybody in.
        clock: Seconds since the epoch, for the limit's window.
        sleep: Waits without blocking, for slow answers.
        hourly_limit: Requests that an hour allows; None sends no limit at all, as some servers do.
        faults: What goes wrong on purpose.
    """

    def __init__(
        self,
        fold: GitHubFold,
        *,
        token: str | None,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        hourly_limit: int | None = 1_000_000,
        faults: FaultPlan = NO_FAULTS,
    ) -> None:
        self.counters = Counters()
        self._fold = fold
        self._view = GitHubView(fold.state)
        self._allowed = None if token is None else {f"bearer {token}".encode(), f"token {token}".encode()}
        self._clock = clock
        self._sleep = sleep
        self._hourly_limit = hourly_limit
        self._used = 0
        self._resets_at = 0
        self._faults = faults
        self._rendered: dict[tuple[bytes, bytes], Rendered] = {}
        self._bodies: OrderedDict[tuple[bytes, bytes], int] = OrderedDict()
        self._kept_bytes = 0

    def move_to(self, instant: int) -> None:
        """Let the organisation live on until an instant."""
        self._fold.move_to(instant)
        self._forget()

    def rename(self, name: str, new_name: str) -> None:
        """Rename a repository: from now on it is told under its new name, and the old one redirects.

        Raises:
            ValueError: There is no such repository, or the new name is taken.
        """
        self._fold.state.rename(name, new_name)
        self._forget()

    def _forget(self) -> None:
        """Drop what was rendered of the state as it was."""
        self._view.forget()
        self._rendered.clear()
        self._bodies.clear()
        self._kept_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
            return
        headers = dict(scope["headers"])
        self.counters.requests += 1
        fault = self._faults.of_request(self.counters.requests)
        if fault is not None and fault.kind == "slow":
            await self._sleep(fault.seconds)
        elif fault is not None:
            await self._fail(send, fault)
            return
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await self._send(send, *refusal)
            return
        if scope["method"] == "POST":
            body = graphql.answer(self._fold.state, await received(receive))
            await self._send(send, 200, self._limits(), body)
            return
        await self._answer(scope, headers, send)

    def _refusal(self, scope: Scope, headers: dict[bytes, bytes]) -> tuple[int, Headers, bytes] | None:
        """Why a request is not answered: method, credentials, limit."""
        is_query = scope["method"] == "POST" and scope["path"] == "/graphql"
        if scope["method"] not in ("GET", "HEAD") and not is_query:
            return self._error(405, "This simulation answers GET, and queries.")
        given = headers.get(b"authorization", b"")
        scheme, _, secret = given.partition(b" ")
        if self._allowed is not None and scheme.lower() + b" " + secret not in self._allowed:
            return self._error(401, "Bad credentials" if given else "Requires authentication")
        now = int(self._clock())
        if now >= self._resets_at:
            self._used, self._resets_at = 0, now - now % HOUR + HOUR
        if scope["path"] == "/rate_limit":
            limit = self._hourly_limit or 0
            rate = {
                "limit": limit,
                "used": self._used,
                "remaining": limit - self._used,
                "reset": self._resets_at,
            }
            return 200, self._limits(), encode({"resources": {"core": rate, "search": rate}, "rate": rate})
        if self._hourly_limit is not None and self._used >= self._hourly_limit:
            return self._error(403, "API rate limit exceeded for user ID 5100001.")
        self._used += 1
        return None

    async def _answer(self, scope: Scope, headers: dict[bytes, bytes], send: Send) -> None:
        """Render, or take what was rendered, and send it if the client does not have it."""
        key = (scope["raw_path"], scope["query_string"])
        known = self._rendered.get(key)
        wanted = headers.get(b"if-none-match")
        if known is None or (known.body is None and known.etag != wanted):
            try:
                known = self._render(key, scope["path"], scope["query_string"].decode("ascii", "replace"))
            except RefusedError as error:
                await self._send(send, *self._error(422, str(error)))
                return
            if known is None:
                await self._send(send, *self._error(404, "Not Found"))
                return
        host = f"{scope['scheme']}://{headers.get(b'host', b'127.0.0.1').decode()}"
        if known.location is not None:
            target = known.location.replace("{host}", host)
            await self._send(send, *self._moved(target))
            return
        extra = [(b"etag", known.etag), *self._limits()]
        if known.links:
            extra.append((b"link", known.links.replace("{host}", host).encode()))
        if wanted == known.etag:
            self.counters.not_modified += 1
            self._used -= 1
            await self._send(send, 304, extra, b"")
            return
        await self._send(send, 200, extra, b"" if scope["method"] == "HEAD" else known.body or b"")

    def _render(self, key: tuple[bytes, bytes], path: str, query_string: str) -> Rendered | None:
        """Render an answer and keep it; None if there is nothing at this path."""
        query = Query.parse(path, query_string)
        found = answer(self._view, path, query)
        if found is None:
            return None
        if isinstance(found, Moved):
            tail = f"?{query_string}" if query_string else ""
            return Rendered(b"", "", b"", location=f"{{host}}{found.path}{tail}")
        links: tuple[str, ...] = ()
        if isinstance(found, Listing):
            page = page_of(found, query)
            body, links = encode(page.document), page.links
        else:
            body = encode(found)
        etag = b'W/"' + hashlib.sha256(body + "".join(links).encode()).hexdigest().encode() + b'"'
        rendered = Rendered(etag, ", ".join(links), body)
        self._keep(key, rendered, len(body))
        return rendered

    def _keep(self, key: tuple[bytes, bytes], rendered: Rendered, size: int) -> None:
        """Keep an answer; of the oldest only the tag stays."""
        self._rendered[key] = rendered
        self._bodies.pop(key, None)
        self._bodies[key] = size
        self._kept_bytes += size
        while self._kept_bytes > KEPT_BODIES and len(self._bodies) > 1:
            oldest, freed = self._bodies.popitem(last=False)
            self._rendered[oldest].body = None
            self._kept_bytes -= freed

    def _limits(self) -> Headers:
        """The headers of the limit."""
        if self._hourly_limit is None:
            return []
        remaining = max(0, self._hourly_limit - self._used)
        return [
            (b"x-ratelimit-limit", b"%d" % self._hourly_limit),
            (b"x-ratelimit-remaining", b"%d" % remaining),
            (b"x-ratelimit-reset", b"%d" % self._resets_at),
            (b"x-ratelimit-used", b"%d" % self._used),
            (b"x-ratelimit-resource", b"core"),
        ]

    def _moved(self, target: str) -> tuple[int, Headers, bytes]:
        """A redirect as GitHub words it."""
        body = {"message": "Moved Permanently", "url": target, "documentation_url": DOCUMENTATION}
        return 301, [(b"location", target.encode()), *self._limits()], encode(body)

    def _error(self, status: int, message: str) -> tuple[int, Headers, bytes]:
        """An error as GitHub words it."""
        body = {"message": message, "documentation_url": DOCUMENTATION, "status": str(status)}
        return status, self._limits(), encode(body)

    async def _fail(self, send: Send, fault: Fault) -> None:
        """Send what a fault wants."""
        bad = fault.response()
        headers = [(name.encode(), text.encode()) for name, text in bad.headers.items()]
        if not any(name == b"content-type" for name, _ in headers):
            headers = [*COMMON, *headers, *self._limits()]
        await self._send(send, bad.status, headers, bad.body or b"", common=[], is_cut=fault.kind == "reset")

    async def _send(
        self,
        send: Send,
        status: int,
        headers: Headers,
        body: bytes,
        *,
        common: Headers = COMMON,
        is_cut: bool = False,
    ) -> None:
        """Send an answer and count it."""
        self.counters.statuses[status] += 1
        self.counters.body_bytes += len(body)
        length = [] if status == 304 else [(b"content-length", b"%d" % len(body))]  # noqa: PLR2004
        await send({"type": "http.response.start", "status": status, "headers": [*common, *headers, *length]})
        if is_cut:
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            raise ConnectionResetError("the connection ends in the middle of a body, on purpose")
        await send({"type": "http.response.body", "body": body})


async def received(receive: Receive) -> bytes:
    """The body of a request."""
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def lifespan(receive: Receive, send: Send) -> None:
    """Start and stop with the server; there is nothing to prepare."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
