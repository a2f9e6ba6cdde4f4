"""A bounded set of HTTP/1.1 connections to one origin.

The connections are those of httpcore, the engine of httpx, taken one by one instead of from its pool: the
pool walks over all its connections for each request, which costs more than the request itself. Used this
way, nothing reads proxies or passwords from the environment, keeps cookies or follows redirects on its own.
"""

import asyncio
import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpcore
import httpx

from connectors.errors import PermanentSourceError
from connectors.http.answers import read_body
from connectors.http.origin import Origin

CONNECTION_ERRORS = (
    httpcore.ConnectionNotAvailable,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.TimeoutException,
    OSError,
    TimeoutError,
)
"""How a request ends that got no whole answer."""

UNREACHABLE = (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.ProxyError)
"""How a request ends that did not even get a connection."""

_KEPT_ALIVE_SECONDS = 30.0

logging.getLogger("httpcore").setLevel(logging.INFO)  # its traces hold all headers: cookies, tokens in links


@dataclass(frozen=True, slots=True)
class Network:
    """How to reach a source.

    Attributes:
        proxy: URL of an HTTP proxy, or None.
        ca_file: Certificates to trust instead of the usual ones, for servers with a certificate of their own.
        connect_seconds: How long a connection may take.
        read_seconds: How long the server may stay silent.
        total_seconds: How long one request may take altogether.
    """

    proxy: str | None = None
    ca_file: Path | None = None
    connect_seconds: float = 10.0
    read_seconds: float = 60.0
    total_seconds: float = 300.0

    @property
    def timeouts(self) -> dict[str, float]:
        """The limits as httpcore reads them."""
        return {
            "connect": self.connect_seconds,
            "read": self.read_seconds,
            "write": self.read_seconds,
            "pool": self.total_seconds,
        }


class _Engine(Protocol):
    """What a connection and a proxy have in common."""

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response: ...

    async def aclose(self) -> None: ...


class Connection:
    """One connection, opened when it is needed and again after it broke."""

    def __init__(self, origin: Origin, network: Network, context: ssl.SSLContext | None) -> None:
        self._origin = origin
        self._network = network
        self._context = context
        self._engine: _Engine | None = None
        self._extensions = {"timeout": network.timeouts}

    async def fetch(
        self, target: bytes, headers: list[tuple[bytes, bytes]], *, max_body_bytes: int, content: bytes | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers by lower-case name, and the decoded body."""
        url = httpcore.URL(
            scheme=self._origin.scheme.encode("ascii"),
            host=self._origin.host.encode("ascii"),
            port=self._origin.port,
            target=target,
        )
        method = b"GET" if content is None else b"POST"
        request = httpcore.Request(method, url, headers=headers, content=content, extensions=self._extensions)
        response = await self._ready_engine(url).handle_async_request(request)
        try:
            received = _as_text(response.headers)
            body = await read_body(
                response.aiter_stream(), encoding=received.get("content-encoding"), max_bytes=max_body_bytes
            )
        finally:
            await response.aclose()
        return response.status, received, body

    async def close(self) -> None:
        """Close it, if it is open."""
        if self._engine is not None:
            await self._engine.aclose()
            self._engine = None

    def _ready_engine(self, url: httpcore.URL) -> _Engine:
        engine = self._engine
        is_broken = isinstance(engine, httpcore.AsyncHTTPConnection) and (
            engine.is_closed() or engine.has_expired()
        )
        if engine is None or is_broken:
            engine = self._engine = self._new_engine(url)
        return engine

    def _new_engine(self, url: httpcore.URL) -> _Engine:
        if self._network.proxy is not None:
            return httpcore.AsyncHTTPProxy(
                self._network.proxy,
                ssl_context=self._context,
                max_connections=1,
                keepalive_expiry=_KEPT_ALIVE_SECONDS,
            )
        return httpcore.AsyncHTTPConnection(
            url.origin, ssl_context=self._context, keepalive_expiry=_KEPT_ALIVE_SECONDS
        )


class Connections:
    """At most `limit` requests at a time, over the connections that were used last."""

    def __init__(self, origin: Origin, network: Network, *, limit: int) -> None:
        context = _trust(network) if origin.scheme == "https" else None
        self._total_seconds = network.total_seconds
        self.is_proxied = network.proxy is not None
        self._idle: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
        for _ in range(limit):
            self._idle.put_nowait(Connection(origin, network, context))

    async def fetch(
        self,
        target: bytes,
        headers: list[tuple[bytes, bytes]],
        *,
        max_body_bytes: int,
        content: bytes | None = None,
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers by lower-case name, and the decoded body, over a connection that is free.

        Args:
            target: Path and query.
            headers: Everything but the length.
            max_body_bytes: The largest decoded body to accept.
            content: What is sent by POST; None for a GET.

        Raises:
            BodyTooLargeError: The decoded body passes the bound.
            BodyIncompleteError: The body is damaged or cut short.
        """
        connection = await self._idle.get()
        try:
            async with asyncio.timeout(self._total_seconds):
                return await connection.fetch(target, headers, max_body_bytes=max_body_bytes, content=content)
        finally:
            self._idle.put_nowait(connection)

    async def close(self) -> None:
        """Close all connections that are idle."""
        while not self._idle.empty():
            await self._idle.get_nowait().close()


def _as_text(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by lower-case name; those that come several times are joined with a comma."""
    joined: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _trust(network: Network) -> ssl.SSLContext:
    if network.ca_file is None:
        return httpx.create_ssl_context(trust_env=False)
    try:
        return ssl.create_default_context(cafile=str(network.ca_file))
    except (OSError, ssl.SSLError) as error:
        raise PermanentSourceError(
            f"The certificates in {network.ca_file} cannot be read: {error}. Give a PEM file that exists."
        ) from error
