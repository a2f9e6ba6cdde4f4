"""A small, real HTTP/1.1 server on loopback, in a thread, that answers whatever a test wants it to.

It speaks just enough HTTP for tests, is quick enough to measure clients against, and can misbehave: cut
bodies short, reset connections, drip bytes, or point anywhere.
"""

import asyncio
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """What the client sent."""

    method: str
    target: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """What the server answers.

    Attributes:
        body: The body as it goes over the wire.
        status: HTTP status.
        headers: Further headers; they replace the usual ones of the same name.
        delay_seconds: How long the server thinks.
        cut_at: Close the connection after so many bytes of the body, though more were announced.
        is_reset: Close the connection without any answer.
        drip_seconds: Send the body byte by byte with this pause.
    """

    body: bytes = b"[]"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    cut_at: int | None = None
    is_reset: bool = False
    drip_seconds: float = 0.0


Handler = Callable[[Request], Response]


class LoopbackServer:
    """Serves one handler; remembers the requests.

    Args:
        handler: Answers each request; runs in the server's thread.
        path: Path that the base URL ends in.
        tls: Speak HTTPS with this context.
        port: Where it listens; any free port by default.
    """

    def __init__(
        self, handler: Handler, *, path: str = "", tls: ssl.SSLContext | None = None, port: int = 0
    ) -> None:
        self.handler = handler
        self._tls = tls
        self.requests: list[Request] = []
        self.most_at_once = 0
        self.at_once = 0
        self._path = path
        self._port = port
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def base_url(self) -> str:
        """Where it listens."""
        scheme = "http" if self._tls is None else "https"
        return f"{scheme}://127.0.0.1:{self._port}{self._path}"

    def targets(self) -> list[str]:
        """Paths and queries asked for so far."""
        return [request.target for request in self.requests]

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        self._loop = asyncio.new_event_loop()
        server = self._loop.run_until_complete(
            self._loop.create_server(lambda: _Connection(self), "127.0.0.1", self._port, ssl=self._tls)
        )
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()


class _Connection(asyncio.Protocol):
    def __init__(self, server: LoopbackServer) -> None:
        self._server = server
        self._buffer = b""
        self._transport: asyncio.Transport | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            head, rest = self._buffer.split(b"\r\n\r\n", 1)
            request = _request(head)
            length = int(request.headers.get("content-length", "0"))
            if len(rest) < length:
                return
            self._buffer = rest[length:]
            self._answer(replace(request, body=rest[:length]))

    def _answer(self, request: Request) -> None:
        server = self._server
        server.requests.append(request)
        server.at_once += 1
        server.most_at_once = max(server.most_at_once, server.at_once)
        response = server.handler(request)
        if response.delay_seconds or response.drip_seconds:
            task = asyncio.get_running_loop().create_task(self._send_slowly(response))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            self._send(response)

    async def _send_slowly(self, response: Response) -> None:
        await asyncio.sleep(response.delay_seconds)
        if not response.drip_seconds:
            self._send(response)
            return
        assert self._transport is not None
        self._transport.write(_head(response))
        for at in range(len(response.body)):
            if self._transport.is_closing():
                return
            self._transport.write(response.body[at : at + 1])
            await asyncio.sleep(response.drip_seconds)

    def _send(self, response: Response) -> None:
        assert self._transport is not None
        self._server.at_once -= 1
        if response.is_reset:
            self._transport.abort()
            return
        body = b"" if response.status == HTTPStatus.NOT_MODIFIED else response.body
        self._transport.write(_head(response) + body[: response.cut_at])
        if response.cut_at is not None:
            self._transport.close()


def _head(response: Response) -> bytes:
    headers = {
        "content-type": "application/json; charset=utf-8",
        "date": format_datetime(datetime.now(UTC), usegmt=True),
    }
    if response.status != HTTPStatus.NOT_MODIFIED:
        headers["content-length"] = str(len(response.body))
    headers |= {name.lower(): value for name, value in response.headers.items()}
    lines = [f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _request(head: bytes) -> Request:
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    parts = urlsplit(target)
    headers = dict(line.split(": ", 1) for line in lines)
    return Request(
        method=method,
        target=target,
        path=unquote(parts.path),
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        headers={name.lower(): value for name, value in headers.items()},
    )
