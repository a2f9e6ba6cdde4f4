"""What a workspace says about a GitLab source."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field
from pydantic_core import PydanticCustomError

from connectors.settings import BaseUrl, EnvironmentVariable, HttpSettings

FullPath = Annotated[str, Field(pattern=r"^[^/\s]+(/[^/\s]+)*$")]


class GitLabSettings(HttpSettings):
    """Groups with everything below them, and projects one by one.

    Attributes:
        groups: Full paths of groups; the projects of all their subgroups are read.
        projects: Full paths of further projects.
        token_env: The variable that holds a token with the scope `read_api`; None for public projects.
    """

    MAX_CONCURRENCY: ClassVar[int] = 50

    kind: Literal["gitlab"]
    base_url: BaseUrl = "https://gitlab.com/api/v4"
    groups: tuple[FullPath, ...] = ()
    projects: tuple[FullPath, ...] = ()
    token_env: EnvironmentVariable | None = "ASSAY_GITLAB_TOKEN"  # noqa: S105 - the name of a variable

    def model_post_init(self, context: Any) -> None:
        """Refuse a source that has nothing to read.

        Raises:
            PydanticCustomError: Neither groups nor projects are named.
        """
        super().model_post_init(context)
        if not self.groups and not self.projects:
            raise PydanticCustomError("nothing_to_read", "name groups or projects by their full paths")

    @property
    def listed_repositories(self) -> tuple[str, ...]:
        """The projects that are named."""
        return self.projects

    @property
    def repository_owners(self) -> tuple[str, ...]:
        """The groups, whose projects are found by themselves."""
        return self.groups
