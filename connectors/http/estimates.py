"""What a first extraction will cost at least, from one page of each stream in a few scopes.

Where the API claims a total, pages follow from it; where it does not, a first page that is not the last
counts as one of several. Children cost a request for each parent.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from connectors.errors import ConnectorError
from connectors.http.listings import header_of_total, listing_reader
from connectors.http.places import parts_of
from connectors.http.session import Session
from connectors.http.streams import HttpStream, Reading
from connectors.reports import StreamEstimate

_SAMPLED_SCOPES = 3
_PAGES_WITHOUT_TOTAL = 5
_CHILD_BYTES = 10_000


@dataclass(frozen=True, slots=True)
class _Cost:
    requests: float = 1.0
    records: float = 0.0
    bytes: float = 0.0


async def estimate_streams(
    session: Session,
    streams: Sequence[HttpStream],
    *,
    scopes: Callable[[HttpStream], list[str]],
    since: datetime | None,
    now: datetime,
) -> list[StreamEstimate]:
    """Requests and bytes of a first extraction, by stream.

    Args:
        session: Asks the source.
        streams: Each after its parent.
        scopes: The scopes of a stream; one is assumed where they are not known yet.
        since: The first instant wanted.
        now: The present instant.
    """
    costs: dict[str, _Cost] = {}
    estimates = []
    for stream in streams:
        if stream.parent in costs and "{parent_key}" in stream.path:
            parents = costs[stream.parent].records
            cost = _Cost(max(parents, 1.0), parents, parents * _CHILD_BYTES)
        else:
            cost = await _of_scopes(session, stream, _known(stream, scopes), since=since, now=now)
        costs[stream.name] = cost
        estimates.append(StreamEstimate(stream.name, math.ceil(cost.requests), math.ceil(cost.bytes)))
    return estimates


def _known(stream: HttpStream, scopes: Callable[[HttpStream], list[str]]) -> list[str]:
    try:
        return scopes(stream)
    except ConnectorError:
        return []


async def _of_scopes(
    session: Session, stream: HttpStream, scopes: list[str], *, since: datetime | None, now: datetime
) -> _Cost:
    if not scopes:
        return _Cost()
    sample = scopes[:: max(1, len(scopes) // _SAMPLED_SCOPES)][:_SAMPLED_SCOPES]
    costs = [await _of_scope(session, stream, scope, since=since, now=now) for scope in sample]
    factor = len(scopes) / len(sample)
    return _Cost(
        sum(cost.requests for cost in costs) * factor,
        sum(cost.records for cost in costs) * factor,
        sum(cost.bytes for cost in costs) * factor,
    )


async def _of_scope(
    session: Session, stream: HttpStream, scope: str, *, since: datetime | None, now: datetime
) -> _Cost:
    parameters: dict[str, Any] = {}
    repeated = 1.0
    if stream.reading is Reading.WINDOWS and stream.windows is not None:
        longest = stream.windows.longest
        repeated = max(1.0, (now - (since or stream.windows.first)) / longest)
        start = max(now - longest, since) if since else now - longest
        parameters = dict(stream.windows.parameters(start, now))
    place = session.origin.url(stream.path_for(scope, **parameters))
    url, content = parts_of(place)
    read = listing_reader(stream)
    try:
        answer, listing = await session.get(
            url, read=read, content=content if stream.method == "POST" else None
        )
    except (ConnectorError, msgspec.MsgspecError):
        return _Cost()
    count = len(listing.records) if listing else 0
    header = header_of_total(stream)
    told = answer.header(header) if header else None
    total = int(told) if told and told.isdigit() else (listing.claimed_total if listing else None)
    has_more = count and stream.pager.following(place, answer, record_count=count) is not None
    if total is None:
        total = count * (_PAGES_WITHOUT_TOTAL if has_more else 1)
    pages = max(1.0, total / count) if count else 1.0
    return _Cost(pages * repeated, total * repeated, len(answer.body) * pages * repeated)
