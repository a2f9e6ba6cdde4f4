"""From settings to open sources: the only place where a credential leaves the environment."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime

from connectors.evidence import EvidenceStore
from connectors.git.config import GitConfig, GitRepository
from connectors.github.config import GitHubConfig
from connectors.sources import SOURCE_KINDS, Source, open_source
from connectors.streams import Stream
from orchestration.settings import GitHubSource, GitSource
from orchestration.workspace import Workspace


def utc_now() -> datetime:
    """Return the present instant; libraries get this as their clock."""
    return datetime.now(UTC)


def enabled_streams(source: GitHubSource | GitSource) -> tuple[Stream, ...]:
    """Return the streams that a source delivers: the chosen ones and what they are fetched for, in order."""
    declared = SOURCE_KINDS[source.kind].streams
    chosen = source.streams if isinstance(source, GitHubSource) else None
    if chosen is None:
        return declared
    by_name = {stream.name: stream for stream in declared}
    wanted: set[str] = set()
    for name in chosen:
        at: str | None = name
        while at is not None:
            wanted.add(at)
            at = by_name[at].parent
    return tuple(stream for stream in declared if stream.name in wanted)


def open_configured_source(
    source: GitHubSource | GitSource,
    *,
    workspace: Workspace,
    store: EvidenceStore,
    environment: Mapping[str, str],
) -> Source:
    """Open one source of the settings."""
    return open_source(
        _config(source, workspace, environment),
        store=store,
        clock=utc_now,
        random=random.Random(),  # noqa: S311 - jitter between retries
    )


def _config(
    source: GitHubSource | GitSource, workspace: Workspace, environment: Mapping[str, str]
) -> GitHubConfig | GitConfig:
    if isinstance(source, GitSource):
        clones = tuple(
            GitRepository(name=clone.name, path=(workspace.root / clone.path).resolve(), branch=clone.branch)
            for clone in source.repositories
        )
        return GitConfig(name=source.name, repositories=clones)
    return GitHubConfig(
        name=source.name,
        base_url=source.base_url,
        organisation=source.organisation,
        repositories=source.repositories,
        token=environment[source.token_env] if source.token_env else None,
        streams=tuple(stream.name for stream in enabled_streams(source)) if source.streams else None,
        since=source.since,
        until=source.until,
        concurrency=source.concurrency,
    )
