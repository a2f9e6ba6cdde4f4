"""The git source: commits and tags from clones on disk, from where it left off."""

import hashlib
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

from connectors.committer import BatchLimits, Committer, split_cursor
from connectors.errors import ConnectorError, PermanentSourceError
from connectors.events import Event, PageArrived, Resumption, WindowClosed, WindowOpened
from connectors.evidence import EvidenceStore
from connectors.git.checks import diagnose
from connectors.git.commands import Git
from connectors.git.config import GitConfig, GitRepository
from connectors.git.history import (
    HistoryPage,
    Span,
    check_complete,
    count_commits,
    heads_after,
    history_pages,
    resolve,
    span_from,
    tip_of,
)
from connectors.git.streams import COMMITS, STREAMS
from connectors.git.tags import tags_body
from connectors.reports import Diagnosis, Progress, ScopeFailure, StreamEstimate, StreamReport, Tally
from connectors.rereading import store_for
from connectors.runtime import Runtime
from connectors.streams import Place, TimeWindow

_COMMIT_BYTES = 600
_TAG_BYTES = 200


class GitSource:
    """Reads clones on disk; never fetches, never writes to them.

    Args:
        config: The settings.
        store: Where evidence goes.
        runtime: Clocks.
        limits: When a batch is committed.
    """

    kind = "git"

    def __init__(
        self,
        config: GitConfig,
        *,
        store: EvidenceStore,
        runtime: Runtime,
        limits: BatchLimits | None = None,
    ) -> None:
        self.name = config.name
        self.streams = STREAMS
        self._config = config
        self._store = store
        self._runtime = runtime
        self._limits = limits or BatchLimits()

    def extract(
        self,
        stream: str,
        *,
        run_id: str,
        on_progress: Callable[[Progress], None] | None = None,
        window: TimeWindow | None = None,
        place: Place | None = None,
    ) -> StreamReport:
        """Read what is new of one stream and commit it.

        Args:
            stream: `commits` or `tags`.
            run_id: The run, as it stands in evidence.
            on_progress: Told after each repository and batch.
            window: Refused: a clone has no windows of time.
            place: The repository that alone is read; None for all of them.

        Raises:
            PermanentSourceError: There is no such stream.
        """
        if window is not None:
            raise PermanentSourceError(
                "A clone cannot be read by windows of time. Run without one: history is read whole.",
                source=self.name,
                stream=stream,
            )
        if place is not None:
            return self._extract_again(stream, place, run_id=run_id, on_progress=on_progress)
        read = self._reader_of(stream)
        tally = Tally(units_total=len(self._config.repositories))
        started = self._runtime.monotonic()
        committer = Committer(
            store=self._store,
            source=self.name,
            stream=stream,
            run_id=run_id,
            clock=self._runtime.clock,
            monotonic=self._runtime.monotonic,
            tally=tally,
            limits=self._limits,
        )

        def tell() -> None:
            if on_progress is not None:
                on_progress(tally.progress(self.name, stream))

        try:
            for repository in self._config.repositories:
                self._read_repository(repository, read, committer, tell)
        finally:
            committer.abandon_window()
            committer.commit()
            tell()
        return tally.report(self.name, stream, seconds=self._runtime.monotonic() - started)

    def check(self) -> list[Diagnosis]:
        """Whether each clone can be read and is whole."""
        return [diagnose(self._git(repository), repository) for repository in self._config.repositories]

    def estimate(self) -> list[StreamEstimate]:
        """Pages and bytes of a first extraction."""
        commits, tags = 0, 0
        for repository in self._config.repositories:
            git = self._git(repository)
            try:
                tip = tip_of(git, repository)
                commits += count_commits(git, Span(tip)) if tip else 0
                tags += tags_body(git).count(b"\x1e")
            except ConnectorError:
                continue
        return [
            StreamEstimate("commits", 0, commits * _COMMIT_BYTES),
            StreamEstimate("tags", 0, tags * _TAG_BYTES),
        ]

    def _extract_again(
        self, stream: str, place: Place, *, run_id: str, on_progress: Callable[[Progress], None] | None
    ) -> StreamReport:
        """Read some repositories alone."""
        chosen = tuple(each for each in self._config.repositories if place.holds(each.name, None))
        with store_for(place, self._store, source=self.name, stream=stream) as store:
            alone = GitSource(
                replace(self._config, repositories=chosen),
                store=store,
                runtime=self._runtime,
                limits=self._limits,
            )
            return alone.extract(stream, run_id=run_id, on_progress=on_progress)

    def _read_repository(
        self,
        repository: GitRepository,
        read: Callable[[GitRepository], Generator[Event, None, None]],
        committer: Committer,
        tell: Callable[[], None],
    ) -> None:
        try:
            with closing(read(repository)) as events:
                for event in events:
                    committer.take(event)
                    if committer.is_full:
                        committer.commit()
                        tell()
        except ConnectorError as error:
            committer.abandon_window()
            committer.tally.failures.append(ScopeFailure(repository.name, error))
        committer.tally.units_done += 1
        tell()

    def _reader_of(self, stream: str) -> Callable[[GitRepository], Generator[Event, None, None]]:
        readers = {"commits": self._commits, "tags": self._tags}
        if stream not in readers:
            raise PermanentSourceError(
                f"There is no such stream in this source. It has {', '.join(readers)}.",
                source=self.name,
                stream=stream,
            )
        return readers[stream]

    def _commits(self, repository: GitRepository) -> Generator[Event, None, None]:
        git = self._git(repository)
        check_complete(git)
        settled, resumed = split_cursor(self._store.cursor(self.name, COMMITS.name, repository.name))
        if resumed is not None and resolve(git, resumed.progress["tip"]) is not None:
            span = Span(resumed.progress["tip"], tuple(resumed.progress["known"]))
            yield from self._span(git, span, settled, resumed)
            settled = heads_after(git, span)
        tip = tip_of(git, repository)
        if tip is None:
            yield WindowOpened(scope=repository.name, started_at=self._runtime.clock(), cursor=settled)
            yield WindowClosed(cursor=settled)
            return
        yield from self._span(git, span_from(git, tip, settled), settled, None)

    def _span(
        self, git: Git, span: Span, settled: Mapping[str, Any], resumed: Resumption | None
    ) -> Generator[Event, None, None]:
        yield WindowOpened(scope=git.name, started_at=self._runtime.clock(), cursor=settled, resumed=resumed)
        total = count_commits(git, span)
        done = resumed.record_count if resumed else 0
        with closing(history_pages(git, span, skip=done)) as pages:
            for page in pages:
                place = f"git:{git.name}?log={span.tip}&not={','.join(span.known)}&skip={done}"
                done += page.commits
                yield self._page(
                    page,
                    place,
                    claimed_total=total,
                    progress={"tip": span.tip, "known": list(span.known)},
                )
        if done != total:
            raise PermanentSourceError(
                f"git counts {total} commits but printed {done}. The clone changed while it was read, or is "
                "damaged: run git fsck on it, then run again.",
                source=self.name,
                stream=COMMITS.name,
                page=f"{git.name} ({git.path})",
            )
        yield WindowClosed(cursor=heads_after(git, span))

    def _tags(self, repository: GitRepository) -> Generator[Event, None, None]:
        git = self._git(repository)
        body = tags_body(git)
        yield WindowOpened(scope=repository.name, started_at=self._runtime.clock(), is_resumable=False)
        if body:
            place = f"git:{git.name}?tags"
            key = hashlib.sha256(f"{self.name} {place}".encode()).hexdigest()
            yield self._page(HistoryPage(body, body.count(b"\x1e")), place, request_key=key)
        yield WindowClosed(cursor={})

    def _page(
        self,
        page: HistoryPage,
        place: str,
        *,
        request_key: str | None = None,
        claimed_total: int | None = None,
        progress: Mapping[str, Any] | None = None,
    ) -> PageArrived:
        digest = hashlib.sha256(page.body).hexdigest()
        held = self._store.validator(request_key) if request_key else None
        is_held = held is not None and held.body_sha256 == digest and isinstance(held.log_index, int)
        return PageArrived(
            method="GIT",
            url=place,
            status=0,
            headers={},
            fetched_at=self._runtime.clock(),
            body=b"" if is_held else page.body,
            body_sha256=digest,
            record_count=page.commits,
            reused=held.log_index if held and is_held and isinstance(held.log_index, int) else None,
            request_key=request_key,
            is_remembered=is_held,
            next_place=place,
            claimed_total=claimed_total,
            progress=progress or {},
        )

    def _git(self, repository: GitRepository) -> Git:
        return Git(self._config.executable, repository.path, self.name, repository.name)
