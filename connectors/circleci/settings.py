"""What a workspace says about a CircleCI source."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from connectors.settings import BaseUrl, EnvironmentVariable, HttpSettings

_BY_ID = "circleci"
Slug = Annotated[str, Field(pattern=r"^[^/\s]+/[^/\s]+/[^/\s]+$")]


class CircleCISettings(HttpSettings):
    """Projects by their slugs.

    Attributes:
        projects: Slugs such as `gh/acme/shop`, or `circleci/<organisation>/<project>` for GitHub Apps.
        token_env: The variable that holds a personal API token; project tokens do not work for version 2.
        rerun_days: How long after its start a pipeline is looked at again in every run. CircleCI tells
            nobody when a workflow that is over is run again, so this costs a request for each pipeline.
    """

    MAX_CONCURRENCY: ClassVar[int] = 20

    kind: Literal["circleci"]
    base_url: BaseUrl = "https://circleci.com/api/v2"
    projects: Annotated[tuple[Slug, ...], Field(min_length=1)]
    token_env: EnvironmentVariable = "ASSAY_CIRCLECI_TOKEN"  # noqa: S105 - the name of a variable
    rerun_days: Annotated[int, Field(ge=0, le=90)] = 3
    concurrency: Annotated[int, Field(ge=1)] = 4

    @property
    def named_repositories(self) -> tuple[str, ...]:
        """The repositories of the projects, where the slug names one: an App's project has ids instead."""
        slugs = (slug.partition("/") for slug in self.projects)
        return tuple(repository for host, _, repository in slugs if host != _BY_ID)
