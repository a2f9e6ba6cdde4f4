"""A bounded set of HTTP/1.1 connections to one origin.

Each connection is an httpx transport of its own: httpcore's pool walks over all its connections for each
request, which halves the throughput at sixteen of them. Transports are used directly, so that nothing
reads proxies or passwords from the environment, keeps cookies or follows redirects on its own.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from connectors.errors import PermanentSourceError

_ONE_CONNECTION = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=30.0)


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
        """The limits as httpx's transports read them."""
        return {
            "connect": self.connect_seconds,
            "read": self.read_seconds,
            "write": self.read_seconds,
            "pool": self.total_seconds,
        }


class Connections:
    """Hands out transports, the last used first, at most `limit` at a time."""

    def __init__(self, network: Network, *, is_encrypted: bool, limit: int) -> None:
        context = _trust(network) if is_encrypted else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._idle: asyncio.LifoQueue[httpx.AsyncHTTPTransport] = asyncio.LifoQueue()
        for _ in range(limit):
            transport = httpx.AsyncHTTPTransport(
                verify=context, proxy=network.proxy, trust_env=False, limits=_ONE_CONNECTION
            )
            self._idle.put_nowait(transport)

    @asynccontextmanager
    async def take(self) -> AsyncIterator[httpx.AsyncHTTPTransport]:
        """One transport for one request."""
        transport = await self._idle.get()
        try:
            yield transport
        finally:
            self._idle.put_nowait(transport)

    async def close(self) -> None:
        """Close all connections that are idle."""
        while not self._idle.empty():
            await self._idle.get_nowait().aclose()


def _trust(network: Network) -> ssl.SSLContext:
    if network.ca_file is None:
        return httpx.create_ssl_context(trust_env=False)
    try:
        return ssl.create_default_context(cafile=str(network.ca_file))
    except (OSError, ssl.SSLError) as error:
        raise PermanentSourceError(
            f"The certificates in {network.ca_file} cannot be read: {error}. Give a PEM file that exists."
        ) from error
