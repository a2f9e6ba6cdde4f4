"""GitHub, as a kind of source."""

from connectors.github.config import GitHubConfig
from connectors.github.settings import GitHubSettings
from connectors.github.source import GitHubSource
from connectors.github.streams import STREAMS
from connectors.kinds import Opening, SourceKind
from connectors.streams import in_dependency_order


def open_github(settings: GitHubSettings, opening: Opening) -> GitHubSource:
    """Open an organisation or a list of repositories."""
    config = GitHubConfig(
        name=settings.name,
        base_url=settings.base_url,
        organisation=settings.organisation,
        repositories=settings.repositories,
        token=opening.secrets[settings.token_env] if settings.token_env else None,
        streams=settings.streams,
        since=settings.since,
        until=settings.until,
        concurrency=settings.concurrency,
        points_per_minute=settings.requests_per_minute,
        proxy=settings.proxy,
        ca_file=settings.ca_file,
    )
    return GitHubSource(
        config, store=opening.store, runtime=opening.runtime, policy=opening.policy, limits=opening.limits
    )


KIND = SourceKind(
    name="github",
    title="GitHub",
    streams=in_dependency_order(STREAMS),
    settings=GitHubSettings,
    open=open_github,
    hourly_limit=5000,
)
