"""From events to evidence: bounded batches, each committed together with where the stream continues."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.events import (
    Event,
    PageArrived,
    ParentGone,
    ParentsCovered,
    Resumption,
    WindowClosed,
    WindowOpened,
)
from connectors.evidence import (
    Batch,
    ChildDone,
    CursorUpdate,
    EvidenceStore,
    Page,
    PageRef,
    Validator,
    WindowClose,
)
from connectors.reports import Tally

_OPEN = "open"
_AGAIN = " again"
"""Ends the id of a window that was read from its start, whatever was known: it covers all before it."""


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """When a batch is committed: what a killed run loses at most.

    Attributes:
        pages: Pages in one batch.
        bytes: Body bytes in one batch.
        windows: Closed windows in one batch.
        seconds: Age of a batch.
    """

    pages: int = 512
    bytes: int = 4 * 1024 * 1024
    windows: int = 1024
    seconds: float = 30.0


@dataclass(slots=True)
class _OpenWindow:
    opening: WindowOpened
    window_id: str
    started_at: datetime
    pages: list[int | PageRef]
    record_count: int
    claimed_total: int | None
    latest: PageArrived | None = None
    is_saved: bool = False


@dataclass(slots=True)
class Committer:
    """Turns the events of one stream, in order, into committed batches.

    Attributes:
        store: Where evidence goes.
        source: Name of the source.
        stream: Name of the stream.
        run_id: The run that fetches.
        clock: The time now, in UTC.
        monotonic: A clock in seconds that never goes back, for the age of a batch.
        tally: Where pages, records and windows are counted.
        limits: When a batch is full.
    """

    store: EvidenceStore
    source: str
    stream: str
    run_id: str
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    tally: Tally
    limits: BatchLimits = field(default_factory=BatchLimits)
    _batch: Batch = field(default_factory=Batch)
    _batch_bytes: int = 0
    _batch_since: float | None = None
    _window: _OpenWindow | None = None
    _windows_opened: int = 0

    def take(self, event: Event) -> None:
        """Add one event to the batch."""
        if self._batch_since is None:
            self._batch_since = self.monotonic()
        if isinstance(event, WindowOpened):
            self._open(event)
        elif isinstance(event, PageArrived):
            self._add_page(event)
        elif isinstance(event, WindowClosed):
            self._close(event)
        elif isinstance(event, ParentsCovered):
            for parent_key, version in event.versions:
                self._mark_done(event.scope, parent_key, version)
        else:
            self._forget_parent(event)

    @property
    def is_full(self) -> bool:
        """Whether the batch should be committed now."""
        batch, limits = self._batch, self.limits
        return (
            len(batch.pages) >= limits.pages
            or self._batch_bytes >= limits.bytes
            or len(batch.closed_windows) >= limits.windows
            or (self._batch_since is not None and self.monotonic() - self._batch_since >= limits.seconds)
        )

    def abandon_window(self) -> None:
        """Leave the open window as it is: its pages stay, and a later run goes on after them."""
        self._save_open_window()
        self._window = None

    def commit(self) -> None:
        """Commit the batch, with the open window's place so that a killed run goes on right there."""
        self._save_open_window()
        batch, self._batch = self._batch, Batch()
        self._batch_bytes, self._batch_since = 0, None
        if not any((batch.pages, batch.closed_windows, batch.cursors, batch.children_done, batch.validators)):
            return
        try:
            result = self.store.commit(batch)
        except BaseException:
            self._window = (
                None  # its pages are lost with the batch: the next run goes on from the last commit
            )
            raise
        if self._window is not None:
            self._window.pages = [
                result.page_indexes[page.position] if isinstance(page, PageRef) else page
                for page in self._window.pages
            ]

    def _open(self, event: WindowOpened) -> None:
        self._windows_opened += 1
        resumed = event.resumed
        self._window = _OpenWindow(
            opening=event,
            window_id=resumed.window_id if resumed else self._new_window_id(event),
            started_at=resumed.started_at if resumed else event.started_at,
            pages=list(resumed.pages) if resumed else [],
            record_count=resumed.record_count if resumed else 0,
            claimed_total=resumed.claimed_total if resumed else None,
            is_saved=resumed is not None,
        )

    def _new_window_id(self, event: WindowOpened) -> str:
        parent = "" if event.parent_key is None else f"/{event.parent_key}"
        again = _AGAIN if self.store.reads_again else ""
        return f"{self.run_id}:{self.stream}:{event.scope}{parent}#{self._windows_opened}{again}"

    def _add_page(self, event: PageArrived) -> None:
        window = self._current()
        reference: int | PageRef
        if event.reused is None:
            reference = PageRef(len(self._batch.pages))
            self._batch.pages.append(self._page(window, event))
            self._batch_bytes += len(event.body)
            self.tally.pages += 1
            self.tally.bytes += len(event.body)
        else:
            reference = event.reused
            self.tally.reused_pages += 1
        self._remember(event, reference)
        window.pages.append(reference)
        window.record_count += event.record_count
        window.latest = event
        if window.claimed_total is None:
            window.claimed_total = event.claimed_total
        self._batch.parents.extend(event.parents)
        self.tally.records += event.record_count

    def _page(self, window: _OpenWindow, event: PageArrived) -> Page:
        return Page(
            source=self.source,
            stream=self.stream,
            scope=window.opening.scope,
            parent_key=window.opening.parent_key,
            window_id=window.window_id,
            sequence=len(window.pages),
            method=event.method,
            url=event.url,
            status=event.status,
            headers=event.headers,
            fetched_at=event.fetched_at,
            run_id=self.run_id,
            body=event.body,
            record_count=event.record_count,
        )

    def _remember(self, event: PageArrived, reference: int | PageRef) -> None:
        if event.request_key is None or event.is_remembered:
            return
        self._batch.validators.append(
            Validator(
                request_key=event.request_key,
                etag=event.etag,
                last_modified=event.last_modified,
                log_index=reference,
                next_url=event.next_place,
                body_sha256=event.body_sha256,
                record_count=event.record_count,
            )
        )

    def _close(self, event: WindowClosed) -> None:
        window = self._current()
        opening = window.opening
        self._batch.closed_windows.append(
            WindowClose(
                window_id=window.window_id,
                source=self.source,
                stream=self.stream,
                scope=opening.scope,
                parent_key=opening.parent_key,
                requested_from=opening.requested_from,
                requested_until=opening.requested_until,
                started_at=window.started_at,
                closed_at=self.clock(),
                run_id=self.run_id,
                claimed_total=window.claimed_total,
                record_count=window.record_count,
                pages=tuple(window.pages),
            )
        )
        if event.cursor is not None or window.is_saved:
            self._save_cursor(opening.scope, opening.cursor if event.cursor is None else event.cursor)
        if event.done_version is not None and opening.parent_key is not None:
            self._mark_done(opening.scope, opening.parent_key, event.done_version)
        for parent_key, version in event.done_parents.items():
            self._mark_done(opening.scope, parent_key, version)
        self._window = None
        self.tally.windows_closed += 1

    def _forget_parent(self, event: ParentGone) -> None:
        self._window = None
        self._mark_done(event.scope, event.parent_key, event.version)

    def _mark_done(self, scope: str, parent_key: str, version: str) -> None:
        self._batch.children_done.append(ChildDone(self.source, self.stream, scope, parent_key, version))

    def _save_open_window(self) -> None:
        window = self._window
        if window is None or window.latest is None or not window.opening.is_resumable:
            return
        opening, latest = window.opening, window.latest
        place = {
            "window_id": window.window_id,
            "next_place": latest.next_place,
            "pages": list(window.pages),
            "record_count": window.record_count,
            "claimed_total": window.claimed_total,
            "started_at": window.started_at.isoformat(),
            "requested_from": _text(opening.requested_from),
            "requested_until": _text(opening.requested_until),
            "parent_key": opening.parent_key,
            "progress": dict(latest.progress),
        }
        window.is_saved = True
        self._save_cursor(opening.scope, {**opening.cursor, _OPEN: place})

    def _save_cursor(self, scope: str, state: Mapping[str, Any]) -> None:
        cursors = self._batch.cursors
        cursors[:] = [each for each in cursors if each.scope != scope]
        cursors.append(CursorUpdate(self.source, self.stream, scope, dict(state)))

    def _current(self) -> _OpenWindow:
        if self._window is None:
            raise RuntimeError(f"{self.source}.{self.stream}: a page or a close came without an open window")
        return self._window


def split_cursor(state: Mapping[str, Any] | None) -> tuple[dict[str, Any], Resumption | None]:
    """A cursor as it was saved, taken apart: what holds between windows, and the window that broke off."""
    settled = dict(state or {})
    place = settled.pop(_OPEN, None)
    if place is None:
        return settled, None
    return settled, Resumption(
        window_id=place["window_id"],
        next_place=place["next_place"],
        pages=tuple(place["pages"]),
        record_count=place["record_count"],
        claimed_total=place["claimed_total"],
        started_at=datetime.fromisoformat(place["started_at"]),
        requested_from=_instant(place["requested_from"]),
        requested_until=_instant(place["requested_until"]),
        parent_key=place["parent_key"],
        progress=place["progress"],
    )


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
