"""What a workspace says about a GitHub source."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from connectors.settings import REMEDY, BaseUrl, EnvironmentVariable, HttpSettings, RepositoryName


def _with_owner(name: str) -> str:
    if "/" not in name:
        raise PydanticCustomError(
            "owner",
            "'{name}' has no owner",
            {"name": name, REMEDY: "Write owner/name, as in the address of the repository"},
        )
    return name


OwnedRepository = Annotated[RepositoryName, AfterValidator(_with_owner)]


class GitHubSettings(HttpSettings):
    """A GitHub organisation or a list of repositories."""

    MAX_CONCURRENCY: ClassVar[int] = 100

    kind: Literal["github"]
    base_url: BaseUrl = "https://api.github.com"
    organisation: str | None = None
    repositories: tuple[OwnedRepository, ...] = ()
    token_env: EnvironmentVariable | None = "ASSAY_GITHUB_TOKEN"  # noqa: S105 - the name of a variable
    concurrency: Annotated[int, Field(ge=1)] = 16

    def model_post_init(self, context: Any) -> None:
        """Refuse a source that names nothing to read.

        Raises:
            PydanticCustomError: With what to name.
        """
        super().model_post_init(context)
        if not self.organisation and not self.repositories:
            raise PydanticCustomError(
                "nothing_to_read",
                "neither an organisation nor repositories are named",
                {REMEDY: "Name what to read: organisation: acme"},
            )

    @property
    def listed_repositories(self) -> tuple[str, ...]:
        """The repositories, where they are listed."""
        return self.repositories

    @property
    def repository_owners(self) -> tuple[str, ...]:
        """The organisation, unless repositories are listed."""
        return (self.organisation,) if self.organisation and not self.repositories else ()
