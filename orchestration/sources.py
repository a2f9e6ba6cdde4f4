"""From settings to open sources: the only place where a credential leaves the environment."""

import random
import time
from asyncio import sleep
from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from connectors.evidence import EvidenceStore
from connectors.kinds import Opening, Source
from connectors.runtime import Runtime
from connectors.settings import SourceSettings
from connectors.sources import SOURCE_KINDS, open_source
from connectors.streams import Stream
from orchestration.settings import Settings
from orchestration.workspace import Workspace


def utc_now() -> datetime:
    """Return the present instant; libraries get this as their clock."""
    return datetime.now(UTC)


def absent_kinds(settings: Settings) -> frozenset[str]:
    """Return the kinds of source that a workspace does not have."""
    return frozenset(SOURCE_KINDS) - {source.kind for source in settings.sources}


def source_runtime() -> Runtime:
    """Return the clocks and the chance that sources are given."""
    return Runtime(
        clock=utc_now,
        monotonic=time.monotonic,
        sleep=sleep,
        generator=random.Random(),  # noqa: S311 - jitter between retries
    )


def enabled_streams(source: SourceSettings) -> tuple[Stream, ...]:
    """Return the streams that a source delivers: the chosen ones and what they are fetched for, in order."""
    declared = tuple(
        stream for stream in SOURCE_KINDS[source.kind].streams if stream.name not in source.unused_streams
    )
    if source.streams is None:
        return declared
    by_name = {stream.name: stream for stream in declared}
    wanted: set[str] = set()
    for name in source.streams:
        at: str | None = name
        while at is not None:
            wanted.add(at)
            at = by_name[at].parent
    return tuple(stream for stream in declared if stream.name in wanted)


def open_configured_source(
    source: SourceSettings,
    *,
    workspace: Workspace,
    store: EvidenceStore,
    environment: Mapping[str, str],
    without: Collection[str] = (),
) -> Source:
    """Open one source of the settings.

    Args:
        source: Its settings.
        workspace: Where relative paths start.
        store: Where evidence goes.
        environment: Where credentials are.
        without: Streams that must not be asked for.
    """
    names = tuple(stream.name for stream in enabled_streams(source) if stream.name not in without)
    chosen = None if source.streams is None and not without else names
    return open_source(
        source.model_copy(update={"streams": chosen}),
        Opening(
            store=store,
            runtime=source_runtime(),
            secrets={variable: environment[variable] for variable in source.variables.values()},
            folder=workspace.root,
        ),
    )
