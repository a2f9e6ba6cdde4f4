"""GitHub, as a kind of source."""

from connectors.errors import PermanentSourceError
from connectors.github.app import App
from connectors.github.config import GitHubConfig
from connectors.github.graphql.agreement import disagreements
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
        token=opening.secrets[settings.token_env] if settings.token_env and not settings.app_id else None,
        app=_app(settings, opening),
        is_by_graphql=not settings.unused_streams,
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


def _app(settings: GitHubSettings, opening: Opening) -> App | None:
    if settings.app_id is None:
        return None
    try:
        key = settings.app_key(opening.secrets, opening.folder)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise PermanentSourceError(
            f"The App's private key {settings.app_key_file} cannot be read: {reason}. "
            "Put the PEM file there, or name it in app_key_file.",
            source=settings.name,
        ) from error
    return App(settings.app_id, key or "", settings.installation_id)


KIND = SourceKind(
    name="github",
    title="GitHub",
    streams=in_dependency_order(STREAMS),
    settings=GitHubSettings,
    open=open_github,
    disagreements=lambda settings, opening: disagreements(opening.store, settings.name),
    hourly_limit=5000,
)
