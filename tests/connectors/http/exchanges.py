"""One session against one loopback server, without sources or evidence."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from connectors.http.answers import Answer
from connectors.http.connections import Connections, Network
from connectors.http.origin import Origin
from connectors.http.pacing import Pacer
from connectors.http.retries import RetryPolicy
from connectors.http.session import Session
from connectors.reports import Tally
from tests.connectors.workspace import FakeTime

SECRET = "s3cr3t-t0ken"


def ask(
    url: str,
    *,
    base_url: str,
    time: FakeTime,
    tally: Tally | None = None,
    policy: RetryPolicy | None = None,
    network: Network | None = None,
    max_body_bytes: int = 1_000_000,
    read: Callable[[bytes], Any] = msgspec.json.decode,
    conditions: dict[str, str] | None = None,
) -> tuple[Answer, Any]:
    """One page, as a source would get it."""

    async def exchange() -> tuple[Answer, Any]:
        runtime = time.runtime()
        origin = Origin.of(base_url)
        reach = network or Network()
        connections = Connections(origin, reach, limit=2)
        session = Session(
            source="github",
            stream="pull_requests",
            origin=origin,
            headers={"authorization": f"Bearer {SECRET}"},
            connections=connections,
            pacer=Pacer(per_minute=None, monotonic=runtime.monotonic, sleep=runtime.sleep),
            clock=runtime.clock,
            generator=runtime.generator,
            tally=tally or Tally(),
            policy=policy or RetryPolicy(),
            max_body_bytes=max_body_bytes,
        )
        try:
            return await session.get(url, read=read, conditions=conditions)
        finally:
            await connections.close()

    return asyncio.run(exchange())
