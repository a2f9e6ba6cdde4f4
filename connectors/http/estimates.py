"""What a first extraction will cost at least, from a few pages of each stream in a few scopes.

Where the API claims a total, pages follow from it; where it does not, a few pages are counted, and what has
more is said to cost at least that. Children cost a request for each parent, or one for some of them. Scopes
that no run has listed yet are taken from the first page of their listing, and their number from its total.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from connectors.errors import ConnectorError, UnreachableSourceError
from connectors.http.listings import header_of_total, listing_reader
from connectors.http.places import parts_of
from connectors.http.session import Session
from connectors.http.streams import HttpStream, Reading, Windows
from connectors.reports import StreamEstimate

_SAMPLED_SCOPES = 3
_PAGES_WALKED = 5
_CHILD_BYTES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scopes:
    """Which scopes the streams of a source have, as far as that is known.

    Attributes:
        known: The scopes of a stream; raises a `ConnectorError` where they were not listed yet.
        listed_by: By stream: the stream whose records are its scopes.
        batches: By stream that asks for many parents at once: how many.
    """

    known: Callable[[HttpStream], list[str]]
    listed_by: Mapping[str, str] = field(default_factory=dict)
    batches: Mapping[str, int] = field(default_factory=dict)

    def of(self, stream: HttpStream) -> list[str] | None:
        """The scopes that are known already; None where they were not listed yet."""
        try:
            return self.known(stream)
        except ConnectorError:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cost:
    """What some listings cost.

    Attributes:
        requests: How many.
        records: Records on them.
        bytes: Their bytes.
        names: Names of the first records, where other streams go through them.
        is_least: Whether something could not be asked about, so that it is more in truth.
    """

    requests: float = 1.0
    records: float = 0.0
    bytes: float = 0.0
    names: tuple[str, ...] = ()
    is_least: bool = False


_UNKNOWN = _Cost(is_least=True)


async def estimate_streams(
    session: Session,
    streams: Sequence[HttpStream],
    *,
    scopes: Scopes,
    since: datetime | None,
    now: datetime,
) -> list[StreamEstimate]:
    """Requests and bytes of a first extraction, by stream.

    Args:
        session: Asks the source.
        streams: Each after its parent.
        scopes: Their scopes.
        since: The first instant wanted.
        now: The present instant.

    Raises:
        UnreachableSourceError: No connection comes about, so nothing can be said.
    """
    costs: dict[str, _Cost] = {}
    for stream in sorted(streams, key=lambda stream: stream.name in scopes.listed_by):
        parent = costs.get(stream.parent) if stream.parent else None
        if parent is not None and ("{parent_key}" in stream.path or stream.name in scopes.batches):
            costs[stream.name] = _of_children(parent, scopes.batches.get(stream.name, 1))
            continue
        listing = costs.get(scopes.listed_by.get(stream.name, ""))
        names, count = _named(scopes.of(stream), listing)
        costs[stream.name] = await _of_scopes(session, stream, names, count, since=since, now=now)
    return [_estimate(stream.name, costs[stream.name]) for stream in streams]


def _estimate(name: str, cost: _Cost) -> StreamEstimate:
    return StreamEstimate(name, math.ceil(cost.requests), math.ceil(cost.bytes), is_least=cost.is_least)


def _of_children(parents: _Cost, at_once: int) -> _Cost:
    return _Cost(
        requests=max(parents.records / at_once, 1.0 if parents.is_least else 0.0),
        records=parents.records,
        bytes=parents.records * _CHILD_BYTES,
        is_least=parents.is_least,
    )


def _named(known: list[str] | None, listing: _Cost | None) -> tuple[list[str] | None, float]:
    """Some scopes and the number of all: those that are known, or those on the listing where it has more."""
    if listing is None or len(known or ()) >= listing.records:
        return known, len(known or ())
    return list(listing.names) or None, listing.records


async def _of_scopes(
    session: Session,
    stream: HttpStream,
    scopes: list[str] | None,
    count: float,
    *,
    since: datetime | None,
    now: datetime,
) -> _Cost:
    if not scopes:
        return _UNKNOWN if scopes is None else _Cost(requests=0.0)
    sample = scopes[:: max(1, len(scopes) // _SAMPLED_SCOPES)][:_SAMPLED_SCOPES]
    costs = [await _of_scope(session, stream, scope, since=since, now=now) for scope in sample]
    factor = count / len(sample)
    return _Cost(
        requests=sum(cost.requests for cost in costs) * factor,
        records=sum(cost.records for cost in costs) * factor,
        bytes=sum(cost.bytes for cost in costs) * factor,
        names=tuple(name for cost in costs for name in cost.names),
        is_least=any(cost.is_least for cost in costs),
    )


async def _of_scope(
    session: Session, stream: HttpStream, scope: str, *, since: datetime | None, now: datetime
) -> _Cost:
    if stream.reading is not Reading.WINDOWS or stream.windows is None:
        return await _of_listing(session, stream, scope, {})
    return await _of_windows(session, stream, scope, stream.windows, since=since, now=now)


async def _of_windows(
    session: Session,
    stream: HttpStream,
    scope: str,
    windows: Windows,
    *,
    since: datetime | None,
    now: datetime,
) -> _Cost:
    """The newest window and one in the middle of those that hold anything; empty ones cost a request each."""
    first = max(since, windows.first) if since else windows.first
    count = max(1, math.ceil((now - first) / windows.longest))

    async def at(age: int) -> _Cost:
        end = now - age * windows.longest
        asked = windows.parameters(max(end - windows.longest, first), end)
        return await _of_listing(session, stream, scope, asked)

    newest = await at(0)
    held, empty = 0, count
    while newest.records and empty - held > 1:
        middle = (held + empty) // 2
        held, empty = (middle, empty) if (await at(middle)).records else (held, middle)
    typical = await at(held // 2) if held else newest
    full, rest = held + 1, count - held - 1
    return _Cost(
        requests=newest.requests + typical.requests * (full - 1) + rest,
        records=newest.records + typical.records * (full - 1),
        bytes=newest.bytes + typical.bytes * (full - 1),
        is_least=newest.is_least,
    )


async def _of_listing(
    session: Session, stream: HttpStream, scope: str, parameters: Mapping[str, Any]
) -> _Cost:
    """One chain of pages: the first and what it claims; without a claim the next ones, as far as we go."""
    place: str | None = session.origin.url(stream.path_for(scope, **parameters))
    header, read = header_of_total(stream), listing_reader(stream)
    pages, size, records = 0, 0, list[Any]()
    while place is not None and pages < _PAGES_WALKED:
        url, content = parts_of(place)
        sent = content if stream.method == "POST" else None
        try:
            answer, listing = await session.get(url, read=read, content=sent)
        except UnreachableSourceError:
            raise
        except (ConnectorError, msgspec.MsgspecError):
            return _Cost(requests=pages + 1.0, records=float(len(records)), bytes=size, is_least=True)
        found = listing.records if listing else []
        pages, size, records = pages + 1, size + len(answer.body), records + found
        told = answer.header(header) if header else None
        total = int(told) if told and told.isdigit() else (listing.claimed_total if listing else None)
        if total is not None and found:
            claimed = max(1.0, total / len(found))
            return _Cost(
                requests=claimed,
                records=float(total),
                bytes=len(answer.body) * claimed,
                names=_names(stream, records),
            )
        place = stream.pager.following(place, answer, record_count=len(found)) if found else None
    return _Cost(
        requests=float(pages),
        records=float(len(records)),
        bytes=float(size),
        names=_names(stream, records),
        is_least=place is not None,
    )


def _names(stream: HttpStream, records: Sequence[Any]) -> tuple[str, ...]:
    """By what other streams go through these records."""
    if stream.named_by is None:
        return ()
    names = (getattr(record, stream.named_by, None) for record in records)
    return tuple(str(name) for name in names if name is not None)
