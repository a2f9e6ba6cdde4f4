"""Jobs: a hundred a request, newest first, and those of older pipelines that changed, pipeline by pipeline.

The list of a project's jobs has all of them, but cannot say which of the old ones changed; that is told by
their pipelines, for one request each. A pipeline that is newer than everything listed before needs none:
all its jobs are in the new part of the list.
"""

from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from connectors.events import Event, ParentsCovered
from connectors.evidence import ParentVersion
from connectors.gitlab.streams import PIPELINE_JOBS
from connectors.http.chains import ChainPage
from connectors.http.children import unit_of
from connectors.http.instants import instant_of, latest, text_of
from connectors.http.lanes import Unit
from connectors.http.reading import Reader, read_scope
from connectors.http.rules import Load, StraightOn
from connectors.http.streams import HttpStream

PARENTS = ("pipelines", "child_pipelines")


class JobsRule(StraightOn):
    """Read jobs newest first, down to the newest that was known.

    Args:
        stream: The declaration.
        scope: The project.
        settled: The cursor: id and creation of the newest job known.
        progress: What a window that broke off had learned.
        since: Nothing older is wanted.
    """

    is_resumable = True

    def __init__(
        self,
        stream: HttpStream,
        scope: str,
        *,
        settled: Mapping[str, Any],
        progress: Mapping[str, Any] | None,
        since: datetime | None,
    ) -> None:
        self._stream = stream
        self._scope = scope
        self._since = since
        self._known = _settled(settled, since)
        self._newest: Mapping[str, Any] | None = progress or None

    @property
    def requested_from(self) -> datetime | None:
        """Since when all jobs are wanted."""
        return latest([instant_of(self._known.get("created_at")), self._since])

    def path(self) -> str:
        """The listing."""
        return self._stream.path_for(self._scope)

    def observe(self, page: ChainPage, load: Load) -> bool:
        """Note the newest; stop at what was known, or before what is wanted."""
        del page
        jobs = load().records
        if self._newest is None:
            newest = max((job.id for job in jobs), default=0)
            created_at = latest(
                [instant_of(self._known.get("created_at")), *(job.created_at for job in jobs)]
            )
            newest = max(newest, self._known.get("id", 0))
            self._newest = {"id": newest, "created_at": text_of(created_at)}
        is_known = any(job.id <= self._known.get("id", 0) for job in jobs)
        since = self._since
        return is_known or any(since and job.created_at and job.created_at < since for job in jobs)

    def progress(self) -> dict[str, Any]:
        """The newest job of this window."""
        return dict(self._newest or {})

    def cursor(self, *, is_exhausted: bool) -> dict[str, Any]:
        """The newest job known, and how much history was asked for."""
        del is_exhausted
        return {**(self._newest or self._known), "since": text_of(self._since)}


def job_units(scopes: Iterable[str], reader: Reader) -> Iterator[Unit]:
    """The list of each project's jobs, and the pipelines that must be asked one by one."""
    single = replace(reader, stream=PIPELINE_JOBS, chains=reader.chains.of(PIPELINE_JOBS))
    for scope in scopes:
        covered, changed = _pipelines(reader, scope)
        yield Unit(scope, partial(_listing, reader, scope, covered))
        yield from (unit_of(single, parent) for parent in changed)


async def _listing(
    reader: Reader, scope: str, covered: tuple[tuple[str, str], ...]
) -> AsyncGenerator[Event, None]:
    def make_rule(settled: Mapping[str, Any], progress: Mapping[str, Any] | None) -> JobsRule:
        since = reader.bounds.since_at
        return JobsRule(reader.stream, scope, settled=settled, progress=progress, since=since)

    async for event in read_scope(reader, scope, make_rule):
        yield event
    yield ParentsCovered(scope=scope, versions=covered)


def _pipelines(reader: Reader, scope: str) -> tuple[tuple[tuple[str, str], ...], list[ParentVersion]]:
    """The pipelines whose jobs are all in the new part of the list, and the others that changed."""
    settled, _ = reader.cursor(scope)
    known = _settled(settled, reader.bounds.since_at)
    floor = latest([instant_of(known.get("created_at")), reader.bounds.since_at])
    covered: list[tuple[str, str]] = []
    changed: list[ParentVersion] = []
    for parent in PARENTS:
        for row in reader.store.pending_parents(
            source=reader.source, parent_stream=parent, child_stream=reader.stream.name, scope=scope
        ):
            created_at = instant_of(row.attributes["created_at"])
            if floor is None or (created_at is not None and created_at > floor):
                covered.append((row.parent_key, row.version))
            else:
                changed.append(row)
    return tuple(covered), changed


def _settled(settled: Mapping[str, Any], since: datetime | None) -> Mapping[str, Any]:
    """The newest job known, unless the settings now ask for more history than it was reached with."""
    reached_since = instant_of(settled.get("since"))
    has_grown = reached_since is not None and (since is None or since < reached_since)
    return {} if has_grown else {key: settled[key] for key in ("id", "created_at") if key in settled}
