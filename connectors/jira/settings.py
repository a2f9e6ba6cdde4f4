"""What a workspace says about a Jira source."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field
from pydantic_core import PydanticCustomError

from connectors.settings import REMEDY, EnvironmentVariable, HttpSettings

ProjectKey = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
FieldName = Annotated[str, Field(min_length=1)]


class JiraSettings(HttpSettings):
    """A Jira site, or some of its projects.

    Attributes:
        base_url: The site, such as `https://acme.atlassian.net`.
        deployment: Which product it is: their APIs differ.
        projects: Keys of the projects to read; empty for all that the account sees.
        custom_fields: Names (or ids) of the custom fields that issues bring along, beside their sprints.
        reconcile_hours: How long a listing of a project's keys holds before deleted issues are looked for.
        email_env: The variable with the e-mail address of a Cloud account; None where the token stands alone.
        token_env: The variable with the API token or the personal access token.
        concurrency: Requests in flight.
    """

    MAX_CONCURRENCY: ClassVar[int] = 30

    kind: Literal["jira"]
    deployment: Literal["cloud", "data_center"] = "cloud"
    projects: tuple[ProjectKey, ...] = ()
    custom_fields: tuple[FieldName, ...] = ()
    reconcile_hours: Annotated[int, Field(ge=0)] = 24
    email_env: EnvironmentVariable | None = None
    token_env: EnvironmentVariable = "ASSAY_JIRA_TOKEN"  # noqa: S105 - the name of a variable
    concurrency: Annotated[int, Field(ge=1)] = 6

    def model_post_init(self, context: Any) -> None:
        """Refuse an e-mail address where nothing takes one.

        Raises:
            PydanticCustomError: Data Center takes personal access tokens alone.
        """
        super().model_post_init(context)
        if self.deployment == "data_center" and self.email_env is not None:
            raise PydanticCustomError(
                "email",
                "Data Center takes a personal access token alone",
                {REMEDY: "Remove email_env, or set deployment: cloud"},
            )
