"""Turn a rule's pages into events: windows that close, break off, and go on."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from connectors.committer import split_cursor
from connectors.errors import PermanentSourceError
from connectors.events import Event, PageArrived, Resumption, WindowClosed, WindowOpened
from connectors.evidence import EvidenceStore, ParentVersion
from connectors.http.chains import ChainPage, Chains
from connectors.http.rules import Bounds, Rule
from connectors.http.streams import HttpStream
from connectors.streams import TimeWindow

STALE_LINK_STATUSES = frozenset({400, 404, 410, 422})
"""Refusals by which a server may say that a next link of an earlier run is no longer good."""

MakeRule = Callable[[Mapping[str, Any], Mapping[str, Any] | None], Rule]
"""Builds a rule from the settled cursor and, for a window that goes on, from its progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """What reading any scope of one stream takes.

    Attributes:
        source: Name of the source.
        stream: The declaration.
        chains: Walks chains of pages.
        store: Cursors and parents.
        clock: The time now, in UTC.
        has_children: Whether other streams (or a graph walk) go through this stream's records.
        bounds: The history that the settings ask for.
        window: The one window to read again, or None to go on from the cursor.
    """

    source: str
    stream: HttpStream
    chains: Chains
    store: EvidenceStore
    clock: Callable[[], datetime]
    has_children: bool
    bounds: Bounds = field(default_factory=Bounds)
    window: TimeWindow | None = None

    def cursor(self, scope: str) -> tuple[dict[str, Any], Resumption | None]:
        """The scope's settled cursor, and the window that broke off, if it can still go on here."""
        settled, resumed = split_cursor(self.store.cursor(self.source, self.stream.name, scope))
        if (
            resumed is not None
            and resumed.next_place is not None
            and not self.chains.holds(resumed.next_place)
        ):
            return settled, None
        return settled, resumed

    def now(self) -> datetime:
        """The time now, the server's where our clock is ahead: what it stamps later is still to come."""
        return self.clock() - max(self.chains.clock_skew, timedelta())

    def arrived(self, page: ChainPage, scope: str, progress: Mapping[str, Any]) -> PageArrived:
        """The page for the committer, with the parents on it."""
        parents: tuple[ParentVersion, ...] = ()
        if self.has_children and not page.is_unchanged:
            parents = tuple(
                ParentVersion(self.source, self.stream.name, scope, *record.as_parent())
                for record in self.chains.stored_listing(page).records
            )
        total = page.arrived.claimed_total
        if total is None and page.listing is None and self.stream.envelope is not None:
            total = self.chains.stored_listing(page).claimed_total
        return page.with_findings(progress=progress, parents=parents, claimed_total=total)


async def read_scope(reader: Reader, scope: str, make_rule: MakeRule) -> AsyncGenerator[Event, None]:
    """The events of one scope: first the window that broke off, if any, then a fresh one."""
    settled, resumed = reader.cursor(scope)
    if resumed is not None:
        rule = make_rule(settled, resumed.progress)
        try:
            if rule.is_resumable:
                async for event in _window(reader, scope, rule, settled, resumed):
                    yield event
                    if isinstance(event, WindowClosed):
                        settled = dict(event.cursor or {})
        except PermanentSourceError as error:
            if error.status not in STALE_LINK_STATUSES:
                raise
    async for event in _window(reader, scope, make_rule(settled, None), settled, None):
        yield event


async def _window(
    reader: Reader, scope: str, rule: Rule, settled: Mapping[str, Any], resumed: Resumption | None
) -> AsyncGenerator[Event, None]:
    yield WindowOpened(
        scope=scope,
        started_at=reader.clock(),
        requested_from=resumed.requested_from if resumed else rule.requested_from,
        requested_until=resumed.requested_until if resumed else None,
        cursor=settled,
        resumed=resumed,
        is_resumable=rule.is_resumable,
    )
    place = resumed.next_place if resumed else reader.chains.url(rule.path())
    count = len(resumed.pages) if resumed else 0
    is_exhausted = True
    try:
        while place is not None:
            chain = reader.chains.pages(place, pages_before=count, guide=rule.guide)
            place = None
            async with aclosing(chain) as pages:
                async for page in pages:
                    count += 1
                    load = partial(reader.chains.stored_listing, page)
                    may_stop = rule.observe(page, load)
                    place = None if may_stop else rule.turn(page, load)
                    shown = page if place is None else page.leading_to(reader.chains.absolute(place))
                    yield reader.arrived(shown, scope, rule.progress())
                    if may_stop or place is not None:
                        is_exhausted = not may_stop
                        break
    except PermanentSourceError as error:
        if error.status not in reader.stream.optional_statuses:
            raise
    yield WindowClosed(cursor=rule.cursor(is_exhausted=is_exhausted))
