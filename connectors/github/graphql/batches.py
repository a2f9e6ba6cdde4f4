"""Ask for many nodes at once, for fewer when GitHub cannot answer in time, and for none twice without need.

GitHub gives a query about ten seconds, then answers 502: the batch is halved. A node that is null (deleted,
hidden) or an answer with errors is partial and never taken: halves isolate it, and what remains is left to
REST, which says what is wrong with it. A limit comes with status 200 and `RATE_LIMITED`: wait, ask again.
"""

from collections.abc import AsyncGenerator, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

import msgspec

from connectors.errors import ConnectorError, CredentialsRejectedError
from connectors.events import Event, PageArrived, WindowClosed, WindowOpened
from connectors.evidence import EvidenceStore, ParentVersion
from connectors.github.graphql.query import body_for
from connectors.http.chains import ChainPage
from connectors.http.instants import text_of
from connectors.http.lanes import Unit, nothing_due
from connectors.http.listings import Listing
from connectors.http.places import place_of
from connectors.http.reading import Reader

BATCH: Final = 25
_LIMIT_WAIT_SECONDS: Final = 60.0
_MOST_LIMITS: Final = 12
_MOST_FAILED_ALONE: Final = 3
_CHILDREN: Final = {"reviews": "pull_requests", "pull_request_commits": "pull_requests", "timeline": "issues"}


class Node(msgspec.Struct):
    """What the reading needs of a node."""

    id: str
    number: int
    updated_at: datetime = msgspec.field(name="updatedAt")


class _Error(msgspec.Struct):
    type: str | None = None
    message: str = ""


class _Data(msgspec.Struct):
    nodes: list[Node | None] | None = None


class _Answer(msgspec.Struct):
    data: _Data | None = None
    errors: list[_Error] | None = None


class PartialAnswerError(Exception):
    """The answer does not hold all that was asked for."""

    def __init__(self, *, is_limit: bool, reason: str) -> None:
        super().__init__(reason)
        self.is_limit = is_limit


_decoder = msgspec.json.Decoder(_Answer)


def read_whole(body: bytes) -> Listing:
    """The nodes of an answer that holds all that was asked for.

    Raises:
        PartialAnswerError: It does not.
    """
    answer = _decoder.decode(body)
    if answer.errors:
        kinds = {error.type or "" for error in answer.errors}
        is_limit = "RATE_LIMITED" in kinds or any("rate limit" in each.message for each in answer.errors)
        raise PartialAnswerError(is_limit=is_limit, reason=answer.errors[0].message)
    nodes = answer.data.nodes if answer.data else None
    if nodes is None or any(node is None for node in nodes):
        raise PartialAnswerError(is_limit=False, reason="a node is missing")
    return Listing(list(nodes))


@dataclass(slots=True)
class _Outage:
    """How often in a row GraphQL failed for a node alone; after a few times the rest is left to REST."""

    failed_alone: int = 0

    @property
    def is_on(self) -> bool:
        return self.failed_alone >= _MOST_FAILED_ALONE


def detail_units(
    place: str, scopes: Iterable[str], children: Collection[str], reader: Reader, store: EvidenceStore
) -> Iterator[Unit]:
    """One unit for each batch of items whose children are to be read.

    Args:
        place: Where GraphQL answers.
        scopes: The repositories.
        children: The streams that are derived from nodes.
        reader: What reading takes.
        store: Knows what waits, and what is held.
    """
    outage = _Outage()
    for scope in scopes:
        ids = _wanted(reader, store, scope, children)
        for at in range(0, len(ids), BATCH):
            yield Unit(scope, partial(_events, place, reader, scope, ids[at : at + BATCH], outage))
        if not ids:
            yield nothing_due(scope, reader.clock)


def _wanted(reader: Reader, store: EvidenceStore, scope: str, children: Collection[str]) -> list[str]:
    """Global ids of items that some child stream still waits for, unless they are held as new as that."""
    details = store.parents(reader.source, reader.stream.name, scope)
    held = {each.parent_key: each.version for each in details}
    wanted: dict[str, None] = {}
    for child in children:
        pending = store.pending_parents(
            source=reader.source, parent_stream=_CHILDREN[child], child_stream=child, scope=scope
        )
        for parent in pending:
            node_id = parent.attributes.get("node_id")
            if node_id and held.get(parent.parent_key, "") < parent.version:
                wanted[node_id] = None
    return list(wanted)


async def _events(
    place: str, reader: Reader, scope: str, ids: list[str], outage: _Outage
) -> AsyncGenerator[Event, None]:
    waiting = [ids]
    while waiting and not outage.is_on:
        part = waiting.pop()
        page = await _page(place, reader, part)
        if page is not None:
            outage.failed_alone = 0
            yield WindowOpened(scope=scope, started_at=reader.clock(), is_resumable=False)
            yield _with_items(reader, scope, page)
            yield WindowClosed()
        elif len(part) > 1:
            middle = len(part) // 2
            waiting += [part[middle:], part[:middle]]
        else:
            outage.failed_alone += 1


async def _page(place: str, reader: Reader, ids: list[str]) -> ChainPage | None:
    """The page of some nodes; None where GitHub does not give all of them."""
    attempts = 1 if len(ids) > 1 else None
    chains = reader.chains.of(reader.stream, read=read_whole, max_attempts=attempts)
    for _ in range(_MOST_LIMITS):
        try:
            return await chains.single(place_of(place, body_for(ids)))
        except PartialAnswerError as error:
            if not error.is_limit:
                return None
            chains.hold(_LIMIT_WAIT_SECONDS)
        except CredentialsRejectedError:
            raise
        except ConnectorError:
            return None
    return None


def _with_items(reader: Reader, scope: str, page: ChainPage) -> PageArrived:
    """The page, with the items on it and how to find it again."""
    nodes: list[Node] = page.listing.records if page.listing is not None else []
    attributes = {"request": page.arrived.request_key}
    return page.with_findings(
        progress={},
        parents=tuple(
            ParentVersion(
                reader.source,
                reader.stream.name,
                scope,
                str(node.number),
                text_of(node.updated_at),
                attributes,
            )
            for node in nodes
        ),
    )
