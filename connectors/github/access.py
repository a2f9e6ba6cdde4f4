"""How GitHub is asked: version, credentials, pace and connections."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from connectors.github.config import GitHubConfig
from connectors.http.connections import Connections, Network
from connectors.http.origin import Origin
from connectors.http.pacing import Pacer
from connectors.http.retries import RetryPolicy
from connectors.http.session import Session
from connectors.reports import Tally
from connectors.runtime import Runtime

API_VERSION = "2022-11-28"
"""Later versions drop `merge_commit_sha` and `assignee` from pull requests."""

_USER_AGENT = "assay"


@asynccontextmanager
async def open_session(
    config: GitHubConfig, runtime: Runtime, *, stream: str, tally: Tally, pacer: Pacer, policy: RetryPolicy
) -> AsyncGenerator[Session, None]:
    """A session for one stream; its connections close with it."""
    origin = Origin.of(config.base_url)
    network = Network(proxy=config.proxy, ca_file=config.ca_file)
    connections = Connections(origin, network, limit=config.concurrency)
    try:
        yield Session(
            source=config.name,
            stream=stream,
            origin=origin,
            headers=request_headers(config),
            connections=connections,
            pacer=pacer,
            clock=runtime.clock,
            generator=runtime.generator,
            tally=tally,
            policy=policy,
        )
    finally:
        await connections.close()


def request_headers(config: GitHubConfig) -> dict[str, str]:
    """The headers of every request."""
    headers = {
        "accept": "application/vnd.github+json",
        "accept-encoding": "gzip",
        "user-agent": _USER_AGENT,
        "x-github-api-version": API_VERSION,
    }
    if config.token is not None:
        headers["authorization"] = f"Bearer {config.token}"
    return headers
