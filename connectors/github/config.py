"""What the GitHub source needs to know, checked before anything is sent."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from connectors.errors import PermanentSourceError
from connectors.github.app import App, check_private_key
from connectors.github.settings import GitHubSettings
from connectors.http.origin import Origin
from connectors.settings import HttpSettings

PUBLIC_API = "https://api.github.com"
MAX_CONCURRENCY = 100
"""Requests in flight above which GitHub answers with a secondary limit ("Rate limits for the REST API")."""

_POINTS_PER_MINUTE = 900
_PACED_HOSTS = ("github.com", "ghe.com")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubConfig:
    """Settings of one GitHub source.

    Attributes:
        name: Name of the source.
        base_url: Where the API lives; GitHub Enterprise Server's ends in `/api/v3`.
        organisation: Organisation whose repositories, teams and members are read, or None.
        repositories: Full names of the repositories to read; empty for all of the organisation.
        token: The credential, or None.
        app: The App to act as instead of the token, or None.
        is_by_graphql: Whether reviews, commits and timelines are asked for by GraphQL where it can.
        streams: Streams to read, with those that they need; None for all.
        since: Nothing from before this day, where the API can tell.
        until: Nothing from this day on, where the API can tell.
        concurrency: Requests in flight.
        points_per_minute: Requests a minute; None for GitHub's documented 900 on its own hosts, else no
            bound.
        proxy: URL of an HTTP proxy, or None.
        ca_file: Certificates to trust instead of the usual ones.
    """

    name: str
    base_url: str = PUBLIC_API
    organisation: str | None = None
    repositories: tuple[str, ...] = ()
    token: str | None = None
    app: App | None = None
    is_by_graphql: bool = False
    streams: tuple[str, ...] | None = None
    since: date | None = None
    until: date | None = None
    concurrency: int = 16
    points_per_minute: int | None = None
    proxy: str | None = None
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        Raises:
            PermanentSourceError: With the setting and what it should be.
        """
        Origin.of(self.base_url)
        if not self.organisation and not self.repositories:
            raise self._error("names neither an organisation nor repositories. Give one of them.")
        if self.organisation is not None and not _NAME.fullmatch(self.organisation):
            raise self._error(f"has the organisation {self.organisation!r}, which is no GitHub login.")
        for repository in self.repositories:
            owner, _, name = repository.partition("/")
            if not _NAME.fullmatch(owner) or not re.fullmatch(r"(?!\.{1,2}$)[A-Za-z0-9_.-]+", name):
                raise self._error(f"lists {repository!r}. Write repositories as owner/name.")
        if not 1 <= self.concurrency <= MAX_CONCURRENCY:
            raise self._error(f"has a concurrency of {self.concurrency}. GitHub allows 1 to 100.")
        if self.token is not None and not re.fullmatch(r"[\x21-\x7e]+", self.token):
            raise self._error("has a token with spaces or other characters that no token has. Copy it again.")
        if self.app is not None:
            try:
                check_private_key(self.app.private_key)
            except ValueError as error:
                raise self._error(f"has a key for its App, but {error}. Download a new one.") from error
        if self.since and self.until and self.since >= self.until:
            raise self._error(f"starts on {self.since} and ends before {self.until}: that is no time at all.")

    def __repr__(self) -> str:
        """Everything but the token."""
        return (
            f"GitHubConfig(name={self.name!r}, base_url={self.base_url!r}, "
            f"organisation={self.organisation!r}, repositories={self.repositories!r}, "
            f"token={'***' if self.token else None}, app={self.app!r})"
        )

    def as_settings(self) -> HttpSettings:
        """What the engine reads of it."""
        return GitHubSettings.model_construct(
            name=self.name,
            kind="github",
            base_url=self.base_url,
            organisation=self.organisation,
            repositories=self.repositories,
            since=self.since,
            until=self.until,
            concurrency=self.concurrency,
            requests_per_minute=self.paced_per_minute,
            proxy=self.proxy,
            ca_file=self.ca_file,
        )

    @property
    def graphql_url(self) -> str:
        """Where GraphQL answers; on Enterprise Server beside the REST API's `/api/v3`."""
        origin = Origin.of(self.base_url)
        path = origin.path.removesuffix("/v3") if origin.path.endswith("/api/v3") else origin.path
        return f"{origin.scheme}://{origin.host_header}{path}/graphql"

    @property
    def paced_per_minute(self) -> int | None:
        """Requests a minute to keep to, or None for no bound of our own."""
        if self.points_per_minute is not None:
            return self.points_per_minute
        host = Origin.of(self.base_url).host
        is_github = any(host == paced or host.endswith("." + paced) for paced in _PACED_HOSTS)
        return _POINTS_PER_MINUTE if is_github else None

    def _error(self, problem: str) -> PermanentSourceError:
        return PermanentSourceError(f"The GitHub source {self.name!r} {problem}", source=self.name)
