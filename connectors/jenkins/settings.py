"""What a workspace says about a Jenkins server."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field
from pydantic_core import PydanticCustomError

from connectors.settings import EnvironmentVariable, HttpSettings

JobName = Annotated[str, Field(pattern=r"^[^/\s][^/]*(/[^/]+)*$")]


class JenkinsSettings(HttpSettings):
    """A Jenkins server, or some folders and jobs of it.

    Attributes:
        jobs: Full names of the folders and jobs to read, with all that is below them
            (`acme/checkout`, `delivery`); empty for everything that the user may see. Branches with a slash
            are written as Jenkins names their jobs: `acme/checkout/feature%2Fx`.
        user_env: Variable with the user's name; None to ask without credentials.
        token_env: Variable with the user's API token; None to ask without credentials.
    """

    MAX_CONCURRENCY: ClassVar[int] = 16
    """Jenkins documents no limit; a controller that builds should not be kept busy by readers."""

    kind: Literal["jenkins"]
    jobs: tuple[JobName, ...] = ()
    user_env: EnvironmentVariable | None = "ASSAY_JENKINS_USER"
    token_env: EnvironmentVariable | None = "ASSAY_JENKINS_TOKEN"  # noqa: S105 - the name of a variable
    concurrency: Annotated[int, Field(ge=1)] = 4

    def model_post_init(self, context: Any) -> None:
        """Refuse what would be read twice, and half of the credentials.

        Raises:
            PydanticCustomError: With what is wrong.
        """
        super().model_post_init(context)
        if (self.user_env is None) != (self.token_env is None):
            raise PydanticCustomError(
                "credentials", "user_env and token_env belong together: give both, or null for both"
            )
        for inner in self.jobs:
            for outer in self.jobs:
                if inner.startswith(f"{outer}/") or (inner == outer and self.jobs.count(inner) > 1):
                    raise PydanticCustomError(
                        "jobs", "{inner} is read with {outer} already", {"inner": inner, "outer": outer}
                    )
