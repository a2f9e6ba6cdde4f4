"""Reviews, commits and timelines out of nodes that are held; by REST where a node does not hold all."""

import hashlib
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

import msgspec

from connectors.events import Event, PageArrived, WindowClosed, WindowOpened
from connectors.evidence import EvidenceStore, ParentVersion
from connectors.github.graphql.derivation import VERSION, derived
from connectors.http.lanes import Unit
from connectors.http.reading import Reader

ByRest = Callable[[Reader, ParentVersion], AsyncGenerator[Event, None]]


def child_units(
    details: str, scopes: Iterable[str], by_rest: ByRest, reader: Reader, store: EvidenceStore
) -> Iterator[Unit]:
    """One unit for each parent whose children were not read for its present version.

    Args:
        details: The stream of nodes.
        scopes: The repositories.
        by_rest: Reads the children of a parent whose node is not held or does not hold all.
        reader: What reading takes.
        store: Knows what waits, and holds the nodes.
    """
    page_of = lru_cache(maxsize=4)(partial(_page_of, store))
    for scope in scopes:
        held = {each.parent_key: each for each in store.parents(reader.source, details, scope)}
        pending = store.pending_parents(
            source=reader.source,
            parent_stream=reader.stream.parent or "",
            child_stream=reader.stream.name,
            scope=scope,
        )
        for parent in pending:
            node = held.get(parent.parent_key)
            if node is not None and node.version >= parent.version:
                events = partial(_derived, reader, parent, node, page_of, by_rest)
            else:
                events = partial(by_rest, reader, parent)
            yield Unit(scope, events, parent.parent_key)


async def _derived(
    reader: Reader,
    parent: ParentVersion,
    held: ParentVersion,
    page_of: Callable[[str], "_HeldPage"],
    by_rest: ByRest,
) -> AsyncGenerator[Event, None]:
    """The window of one parent, out of its node."""
    page = page_of(held.attributes["request"])
    records = derived(reader.stream.name, page.nodes[int(parent.parent_key)])
    if records is None:
        async for event in by_rest(reader, parent):
            yield event
        return
    yield WindowOpened(
        scope=parent.scope, started_at=reader.clock(), parent_key=parent.parent_key, is_resumable=False
    )
    yield _page(reader, parent, page, records)
    yield WindowClosed(done_version=parent.version)


@dataclass(frozen=True, slots=True)
class _HeldPage:
    """A page of nodes in evidence, its nodes by number."""

    place: str
    fetched_at: datetime
    nodes: Mapping[int, Any]


def _page_of(store: EvidenceStore, request_key: str) -> _HeldPage:
    """The page of a request.

    Raises:
        LookupError: It is not held any more.
    """
    held = store.validator(request_key)
    if held is None or not isinstance(held.log_index, int):
        raise LookupError(f"the page of request {request_key} is not held")
    page = store.page(held.log_index)
    nodes = msgspec.json.decode(page.body)["data"]["nodes"]
    place = f"{page.url.partition('#')[0]}#page={held.log_index}"
    return _HeldPage(place, page.fetched_at, {node["number"]: node for node in nodes})


def _page(
    reader: Reader, parent: ParentVersion, source: _HeldPage, records: list[dict[str, Any]]
) -> PageArrived:
    """The records as a page; the one that is held, if it says the same."""
    name = f"{reader.source} DERIVE {reader.stream.name} {parent.scope} {parent.parent_key} {VERSION}"
    key = hashlib.sha256(name.encode()).hexdigest()
    body = msgspec.json.encode(records)
    digest = hashlib.sha256(body).hexdigest()
    held = reader.store.validator(key)
    reused = held.log_index if held is not None and held.body_sha256 == digest else None
    return PageArrived(
        method="DERIVE",
        url=f"{source.place}&stream={reader.stream.name}&parent={parent.parent_key}",
        status=200,
        headers={"derivation": VERSION},
        fetched_at=source.fetched_at,
        body=b"" if isinstance(reused, int) else body,
        body_sha256=digest,
        record_count=len(records),
        reused=reused if isinstance(reused, int) else None,
        request_key=key,
        is_remembered=isinstance(reused, int),
    )
