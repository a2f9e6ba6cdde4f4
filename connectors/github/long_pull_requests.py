"""The commits of a pull request, however many: their own listing ends at 250, a comparison does not.

docs.github.com, "List commits on a pull request": "lists a maximum of 250 commits". Beyond that the commits
between base and head are compared page by page; what both listings hold counts once in staging.
"""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Final

from connectors.errors import PermanentSourceError
from connectors.events import Event, ParentGone, WindowClosed, WindowOpened
from connectors.evidence import EvidenceStore, ParentVersion
from connectors.github.config import GitHubConfig
from connectors.github.scopes import scopes_of
from connectors.http.children import GONE_STATUSES
from connectors.http.lanes import Unit
from connectors.http.reading import Reader

MAX_COMMITS: Final = 250
_COMPARISON: Final = "/repos/{scope}/compare/{parent_key}"


def read_commits_of_pull_requests(
    config: GitHubConfig, reader: Reader, store: EvidenceStore
) -> Iterator[Unit]:
    """One unit for each pull request that has changed since its commits were read."""
    for scope in scopes_of(reader.stream.name, config, store):
        pending = store.pending_parents(
            source=reader.source,
            parent_stream="pull_requests",
            child_stream=reader.stream.name,
            scope=scope,
        )
        for parent in pending:
            yield Unit(scope, partial(commits_of, reader, parent), parent.parent_key)


async def commits_of(reader: Reader, parent: ParentVersion) -> AsyncGenerator[Event, None]:
    """The window of one pull request: its listing and, past its end, the comparison."""
    scope, number = parent.scope, parent.parent_key
    yield WindowOpened(scope=scope, started_at=reader.clock(), parent_key=number, is_resumable=False)
    url = reader.chains.url(reader.stream.path_for(scope, number))
    count = 0
    try:
        async with aclosing(reader.chains.pages(url)) as pages:
            async for page in pages:
                count += page.arrived.record_count
                yield reader.arrived(page, scope, {})
    except PermanentSourceError as error:
        if error.status in GONE_STATUSES:
            yield ParentGone(scope=scope, parent_key=number, version=parent.version)
        raise
    if count >= MAX_COMMITS:
        async with aclosing(_compared(reader, parent)) as events:
            async for event in events:
                yield event
    yield WindowClosed(done_version=parent.version)


async def _compared(reader: Reader, parent: ParentVersion) -> AsyncGenerator[Event, None]:
    base, head = parent.attributes.get("base"), parent.attributes.get("head")
    if not base or not head:
        raise PermanentSourceError(
            f"Pull request {parent.parent_key} lists {MAX_COMMITS} commits and names no base or head to "
            "compare, so the rest is unknown. Its commits are asked for again when it changes.",
            source=reader.source,
            stream=reader.stream.name,
        )
    comparison = replace(reader.stream, path=_COMPARISON, envelope="commits", total="total_commits")
    chains = reader.chains.of(comparison)
    url = chains.url(comparison.path_for(parent.scope, f"{base}...{head}"))
    async with aclosing(chains.pages(url)) as pages:
        async for page in pages:
            yield reader.arrived(page, parent.scope, {})
