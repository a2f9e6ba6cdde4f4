"""What a workspace says about a GitHub source."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from connectors.settings import BaseUrl, EnvironmentVariable, HttpSettings, RepositoryName


class GitHubSettings(HttpSettings):
    """A GitHub organisation or a list of repositories."""

    MAX_CONCURRENCY: ClassVar[int] = 100

    kind: Literal["github"]
    base_url: BaseUrl = "https://api.github.com"
    organisation: str | None = None
    repositories: tuple[RepositoryName, ...] = ()
    token_env: EnvironmentVariable | None = "ASSAY_GITHUB_TOKEN"  # noqa: S105 - the name of a variable
    concurrency: Annotated[int, Field(ge=1)] = 16

    @property
    def listed_repositories(self) -> tuple[str, ...]:
        """The repositories, where they are listed."""
        return self.repositories

    @property
    def repository_owners(self) -> tuple[str, ...]:
        """The organisation, unless repositories are listed."""
        return (self.organisation,) if self.organisation and not self.repositories else ()
