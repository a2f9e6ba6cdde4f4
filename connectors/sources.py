"""The kinds of source that can be read, and how one is opened."""

import asyncio
import random as randomness
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from connectors.evidence import EvidenceStore
from connectors.git.config import GitConfig
from connectors.git.source import GitSource
from connectors.git.streams import STREAMS as GIT_STREAMS
from connectors.github.config import GitHubConfig
from connectors.github.source import GitHubSource
from connectors.github.streams import STREAMS as GITHUB_STREAMS
from connectors.reports import Diagnosis, Progress, StreamEstimate, StreamReport
from connectors.runtime import Runtime
from connectors.streams import Stream, in_dependency_order

SourceConfig = GitHubConfig | GitConfig


class Source(Protocol):
    """A configured source."""

    name: str

    @property
    def kind(self) -> str:
        """The kind of source."""

    @property
    def streams(self) -> tuple[Stream, ...]:
        """The streams that the settings ask for, each after its parent."""

    def extract(
        self, stream: str, *, run_id: str, on_progress: Callable[[Progress], None] | None = None
    ) -> StreamReport:
        """Read what is new of one stream and commit it.

        Raises:
            TransientSourceError: The source fails for now: run again later.
            PermanentSourceError: Somebody must change something first.
        """

    def check(self) -> list[Diagnosis]:
        """Whether the source can be reached and read."""

    def estimate(self) -> list[StreamEstimate]:
        """What a first extraction costs."""


@dataclass(frozen=True, slots=True)
class SourceKind:
    """A kind of source.

    Attributes:
        name: The kind, as settings name it and tables start with it.
        title: The name as people read it.
        streams: All streams that the kind offers, each after its parent.
        config: The class of its settings.
    """

    name: str
    title: str
    streams: tuple[Stream, ...]
    config: type[Any]


SOURCE_KINDS: dict[str, SourceKind] = {
    "github": SourceKind("github", "GitHub", in_dependency_order(GITHUB_STREAMS), GitHubConfig),
    "git": SourceKind("git", "Git", in_dependency_order(GIT_STREAMS), GitConfig),
}


def open_source(
    config: SourceConfig,
    *,
    store: EvidenceStore,
    clock: Callable[[], datetime],
    random: randomness.Random,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> Source:
    """A source, ready to be read.

    Args:
        config: The settings.
        store: Where evidence goes; its ledger must be open for writing.
        clock: The time now, in UTC.
        random: Jitter for waits.
        sleep: An awaitable sleep in seconds.
        monotonic: A clock in seconds that never goes back.
    """
    runtime = Runtime(clock=clock, monotonic=monotonic, sleep=sleep, generator=random)
    if isinstance(config, GitHubConfig):
        return GitHubSource(config, store=store, runtime=runtime)
    return GitSource(config, store=store, runtime=runtime)
