"""All APIs of the organisation behind one port: GitHub at the root, each other one below its prefix.

What every API has in common is done here once: faults on purpose, counters, and entity tags.
"""

import hashlib
import importlib
import importlib.util
import pkgutil
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote

import msgspec

import connectors.sandbox
from connectors.sandbox.api import Api, ApiRequest, ApiResponse, SandboxApi
from connectors.sandbox.company import Company
from connectors.sandbox.events import Event
from connectors.sandbox.faults import NO_FAULTS, Fault, FaultPlan
from connectors.sandbox.github.application import Counters, Receive, Scope, Send, lifespan

_MODULE = "api"
_JSON = "application/json"
_LARGEST_BODY = 16 * 1024 * 1024


class RootApplication(Protocol):
    """What answers where no prefix does."""

    counters: Counters

    def move_to(self, instant: int) -> None:
        """Let time pass."""

    def rename(self, name: str, new_name: str) -> None:
        """Rename a repository."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""


def found_apis() -> dict[str, SandboxApi]:
    """Every API beside GitHub's, by prefix: packages of the sandbox with a module `api` that has `API`."""
    apis: dict[str, SandboxApi] = {}
    for module in pkgutil.iter_modules(connectors.sandbox.__path__):
        name = f"connectors.sandbox.{module.name}.{_MODULE}"
        if not module.ispkg or importlib.util.find_spec(name) is None:
            continue
        declared = importlib.import_module(name).API
        for api in declared if isinstance(declared, tuple) else (declared,):
            apis[api.prefix] = api
    return apis


class Mounts:
    """Routes requests by the first step of their path; an API is made when it is first asked.

    Args:
        root: Answers everything else.
        company: The organisation.
        events: Its whole timeline.
        at: The instant to begin with, in epoch seconds.
        token: The one secret that is let in; None lets everybody in.
        sleep: Waits without blocking, for slow answers.
        faults: What goes wrong on purpose; each API counts its own requests.
    """

    def __init__(
        self,
        root: RootApplication,
        *,
        company: Company,
        events: Sequence[Event],
        at: int,
        token: str | None,
        sleep: Callable[[float], Awaitable[None]],
        faults: FaultPlan = NO_FAULTS,
    ) -> None:
        self.root = root
        self.counters: dict[str, Counters] = {}
        self._company = company
        self._events = events
        self._at = at
        self._token = token
        self._sleep = sleep
        self._faults = faults
        self._found = found_apis()
        self._apis: dict[str, Api] = {}

    def move_to(self, instant: int) -> None:
        """Let the organisation live on until an instant.

        Raises:
            ValueError: It lies in the past.
        """
        self.root.move_to(instant)
        self._at = instant
        for api in self._apis.values():
            api.move_to(instant)

    def rename(self, name: str, new_name: str) -> None:
        """Rename a repository where the code is hosted; the other tools go on as they were told.

        Raises:
            ValueError: There is no such repository, or the new name is taken.
        """
        self.root.rename(name, new_name)

    def counted(self) -> dict[str, Any]:
        """What was asked: GitHub's counters, and those of the other APIs by prefix."""
        document = self.root.counters.to_document()
        others = {prefix: counters.to_document() for prefix, counters in sorted(self.counters.items())}
        return document | {"apis": others}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
            return
        prefix = scope["path"].split("/", 2)[1] if scope["path"].startswith("/") else ""
        if prefix not in self._found:
            await self.root(scope, receive, send)
            return
        counters = self.counters.setdefault(prefix, Counters())
        counters.requests += 1
        body = await _body(receive)
        fault = self._faults.of_request(counters.requests)
        if fault is not None and fault.kind == "slow":
            await self._sleep(fault.seconds)
            fault = None
        response = fault.response() if fault else self._api(prefix).respond(_request(scope, prefix, body))
        await _send(send, counters, response, scope=scope, fault=fault)

    def _api(self, prefix: str) -> Api:
        if prefix not in self._apis:
            api = self._found[prefix].make(self._company, self._events, self._token)
            api.move_to(self._at)
            self._apis[prefix] = api
        return self._apis[prefix]


def _request(scope: Scope, prefix: str, body: bytes) -> ApiRequest:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query: dict[str, tuple[str, ...]] = {}
    for name, value in parse_qsl(scope["query_string"].decode("ascii"), keep_blank_values=True):
        query[name] = (*query.get(name, ()), value)
    raw = scope["raw_path"].decode("ascii").removeprefix(f"/{prefix}") or "/"
    return ApiRequest(
        method=scope["method"],
        path=unquote(raw),
        query=query,
        headers=headers,
        body=body,
        base_url=f"{scope['scheme']}://{headers.get('host', '127.0.0.1')}/{prefix}",
        raw_path=raw,
    )


async def _body(receive: Receive) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body") or len(body) > _LARGEST_BODY:
            return body


async def _send(
    send: Send, counters: Counters, response: ApiResponse, *, scope: Scope, fault: Fault | None
) -> None:
    """Send an answer; a GET whose entity tag the client holds already is answered without a body."""
    body = response.body if response.body is not None else msgspec.json.encode(response.document)
    headers = {"content-type": _JSON, **{name.lower(): text for name, text in response.headers.items()}}
    status = response.status
    if status == 200 and scope["method"] in ("GET", "HEAD"):  # noqa: PLR2004 - OK
        tag = f'W/"{hashlib.sha256(body + repr(sorted(headers.items())).encode()).hexdigest()}"'
        headers.setdefault("etag", tag)
        if dict(scope["headers"]).get(b"if-none-match", b"").decode("latin-1") == headers["etag"]:
            status, body = 304, b""
            counters.not_modified += 1
    counters.statuses[status] += 1
    counters.body_bytes += len(body)
    if status != 304:  # noqa: PLR2004 - a 304 has no length
        headers["content-length"] = str(len(body))
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(name.encode("latin-1"), text.encode("latin-1")) for name, text in headers.items()],
        }
    )
    if fault is not None and fault.kind == "reset":
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        raise ConnectionResetError("the connection ends in the middle of a body, on purpose")
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
