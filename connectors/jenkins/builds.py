"""Reads what is new of each job's builds: newest first, down to what is known and was finished then.

A job is asked only if it has a build that the last reading did not see, or one that was still running then.
Builds that retention deletes are no longer listed; that says nothing about them, and they are not looked for.
"""

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from connectors.errors import TransientSourceError
from connectors.events import Event, PageArrived, WindowClosed, WindowOpened
from connectors.evidence import EvidenceStore, ParentVersion
from connectors.http.chains import ChainPage
from connectors.http.instants import text_of
from connectors.http.lanes import Unit
from connectors.http.reading import Reader
from connectors.jenkins.jobs import jobs_listed
from connectors.jenkins.records import Build
from connectors.jenkins.trees import BUILDS_PER_PAGE, with_range


def read_builds(scopes: list[str], reader: Reader, store: EvidenceStore) -> Iterator[Unit]:
    """One unit for each job with news."""
    listed = jobs_listed(scopes, reader.source, store, wanted_by=reader.stream.name)
    for job, version in sorted(listed.items()):
        settled, _ = reader.cursor(job)
        known = Known.of(settled, since=text_of(reader.bounds.since_at))
        if known.version != version or known.unfinished:
            yield Unit(job, partial(_events, reader, job, version, known, settled))


@dataclass(frozen=True, slots=True)
class Known:
    """What earlier readings of a job have settled.

    Attributes:
        version: The job's version then.
        newest: The newest build then, 0 for none; those up to it were read.
        newest_at: When it was started, in milliseconds since the epoch.
        unfinished: Builds that were still running.
    """

    version: str | None = None
    newest: int = 0
    newest_at: int = 0
    unfinished: tuple[int, ...] = ()

    @classmethod
    def of(cls, settled: Mapping[str, Any], *, since: str) -> "Known":
        """What a cursor holds; nothing where the settings ask for more history than it was reached with."""
        reached_since = settled.get("since")
        if reached_since is None or (reached_since and (not since or since < reached_since)):
            return cls()
        return cls(settled["version"], settled["newest"], settled["newest_at"], tuple(settled["unfinished"]))

    def for_version(self, version: str) -> "Known":
        """Nothing, where the job's newest build is older than what is known: it was made anew."""
        return Known() if int(version.partition("@")[0]) < self.newest else self

    @property
    def floor(self) -> int:
        """The lowest number that must be seen."""
        return min((self.newest + 1, *self.unfinished))


@dataclass(slots=True)
class _Progress:
    """What one reading of a job has seen."""

    known: Known
    since_milliseconds: int | None
    builds: dict[int, Build] = field(default_factory=dict)
    lowest: int | None = None
    oldest: int | None = None

    def observe(self, builds: Sequence[Build]) -> bool:
        """Take a page in; whether it follows the one before it without a gap."""
        if not builds:
            return True
        is_gapless = self.lowest is None or builds[0].number >= self.lowest
        self.builds |= {build.number: build for build in builds}
        self.lowest, self.oldest = builds[-1].number, builds[-1].timestamp
        newest = self.builds.get(self.known.newest)
        if newest is not None and newest.timestamp != self.known.newest_at:
            self.known = Known()  # another build by the same number: the job was made anew
        return is_gapless

    @property
    def may_stop(self) -> bool:
        """Whether everything below was read before, or is older than what is asked for."""
        if self.lowest is None or self.oldest is None:
            return False
        is_older = self.since_milliseconds is not None and self.oldest < self.since_milliseconds
        return is_older or self.lowest <= self.known.floor

    def cursor(self, version: str, *, since: str) -> dict[str, Any]:
        """The job's next cursor."""
        newest = max(self.builds, default=0)
        return {
            "version": version,
            "newest": newest,
            "newest_at": self.builds[newest].timestamp if newest else 0,
            "unfinished": sorted(each.number for each in self.builds.values() if not each.is_finished),
            "since": since,
        }


async def _events(
    reader: Reader, job: str, version: str, known: Known, settled: Mapping[str, Any]
) -> AsyncGenerator[Event, None]:
    """The window of one job. It starts again after a break, for its pages hang together."""
    since = reader.bounds.since_at
    progress = _Progress(known.for_version(version), None if since is None else int(since.timestamp() * 1000))
    yield WindowOpened(
        scope=job, started_at=reader.clock(), requested_from=since, cursor=settled, is_resumable=False
    )
    url = reader.chains.url(reader.stream.path_for(job))
    first = with_range(url, 0, _first_size(progress.known, version))
    async with aclosing(reader.chains.pages(first)) as pages:
        async for page in pages:
            builds = reader.chains.stored_listing(page).records
            is_gapless = progress.observe(builds)
            yield _arrived(reader, job, page, builds)
            if not is_gapless:
                raise _builds_vanished(reader, job)
            if progress.may_stop:
                break
    yield WindowClosed(cursor=progress.cursor(version, since=text_of(since)))


def _first_size(known: Known, version: str) -> int:
    """What the new builds and the one before them need: increments should not repeat what is known."""
    if not known.newest:
        return BUILDS_PER_PAGE
    newest = int(version.partition("@")[0])
    return max(2, min(BUILDS_PER_PAGE, newest - known.floor + 2))


def _arrived(reader: Reader, job: str, page: ChainPage, builds: Sequence[Build]) -> PageArrived:
    """The page for the committer; runs of pipelines that have ended are parents of their stages."""
    parents = tuple(
        ParentVersion(reader.source, reader.stream.name, job, *build.as_parent())
        for build in builds
        if reader.has_children and build.has_stages
    )
    return page.with_findings(progress={}, parents=parents)


def _builds_vanished(reader: Reader, job: str) -> TransientSourceError:
    return TransientSourceError(
        f"Builds of {job} were deleted while they were listed, so that some may have been passed over. "
        "What was read is kept; the next run lists them again.",
        source=reader.source,
        stream=reader.stream.name,
    )
