"""What a workspace says about a GitHub source."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from connectors.github.app import check_private_key
from connectors.settings import REMEDY, BaseUrl, EnvironmentVariable, HttpSettings, RepositoryName


def _with_owner(name: str) -> str:
    if "/" not in name:
        raise PydanticCustomError(
            "owner",
            "'{name}' has no owner",
            {"name": name, REMEDY: "Write owner/name, as in the address of the repository"},
        )
    return name


_NEW_KEY = "Download a private key from the App's settings page: a file in PEM format"
OwnedRepository = Annotated[RepositoryName, AfterValidator(_with_owner)]


class GitHubSettings(HttpSettings):
    """A GitHub organisation or a list of repositories.

    Attributes:
        organisation: Organisation whose repositories, teams and members are read.
        repositories: Repositories to read, as owner/name; none for all of the organisation.
        token_env: The variable that holds a token; not used where an App is named.
        app_id: Id or client id of a GitHub App to act as.
        app_key_env: The variable that holds the App's private key (PEM).
        app_key_file: A file that holds it instead.
        installation_id: Which installation to act as; by default that of the organisation.
        details: How reviews, commits and timelines are asked for: `graphql` gets those of many pull requests
            in one request and leaves to REST what it cannot give; `rest` takes three requests for each.
    """

    MAX_CONCURRENCY: ClassVar[int] = 100

    kind: Literal["github"]
    base_url: BaseUrl = "https://api.github.com"
    organisation: str | None = None
    repositories: tuple[OwnedRepository, ...] = ()
    token_env: EnvironmentVariable | None = "ASSAY_GITHUB_TOKEN"  # noqa: S105 - the name of a variable
    app_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$", coerce_numbers_to_str=True)] | None = None
    app_key_env: EnvironmentVariable | None = None
    app_key_file: Path | None = None
    installation_id: Annotated[int, Field(ge=1)] | None = None
    details: Literal["rest", "graphql"] = "graphql"
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
        if (self.app_id is None) != (self.app_key_env is None and self.app_key_file is None):
            raise PydanticCustomError(
                "half_an_app",
                "a GitHub App needs app_id and its private key",
                {REMEDY: "Give app_id and app_key_env (or app_key_file), or none of them and a token"},
            )

    @property
    def variables(self) -> dict[str, str]:
        """The variables that must be set: the App's key, or the token."""
        named = super().variables
        return {key: name for key, name in named.items() if key != "token_env" or self.app_id is None}

    def credential_faults(self, variables: Mapping[str, str], folder: Path) -> Mapping[str, tuple[str, str]]:
        """Whether the App's private key is one; what is not there at all is told by its name elsewhere."""
        key = "app_key_file" if self.app_key_env is None else "app_key_env"
        named = getattr(self, key)
        try:
            text = self.app_key(variables, folder)
            if text is not None:
                check_private_key(text)
        except FileNotFoundError:
            return {}
        except OSError as error:
            return {key: (f"{named} cannot be read: {error.strerror}", _NEW_KEY)}
        except ValueError as error:
            return {key: (f"{named} does not hold the App's key: {error}", _NEW_KEY)}
        return {}

    def app_key(self, variables: Mapping[str, str], folder: Path) -> str | None:
        """The App's private key; None without an App, or where its variable is not set.

        Args:
            variables: The environment.
            folder: What a relative path starts from.

        Raises:
            OSError: The file cannot be read.
            ValueError: It holds something else than text.
        """
        if self.app_id is None:
            return None
        if self.app_key_env is not None:
            return variables.get(self.app_key_env) or None
        try:
            return (folder / (self.app_key_file or "")).read_text(encoding="ascii")
        except UnicodeDecodeError:
            raise ValueError("it is not a private RSA key in PEM format") from None

    @property
    def unused_streams(self) -> tuple[str, ...]:
        """Nodes are asked for by GraphQL only, and GraphQL answers nobody without credentials."""
        is_by_graphql = self.details == "graphql" and (self.app_id or self.token_env)
        return () if is_by_graphql else ("item_details",)

    @property
    def listed_repositories(self) -> tuple[str, ...]:
        """The repositories, where they are listed."""
        return self.repositories

    @property
    def repository_owners(self) -> tuple[str, ...]:
        """The organisation, unless repositories are listed."""
        return (self.organisation,) if self.organisation and not self.repositories else ()
