"""What a workspace says about an Argo CD."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from connectors.settings import EnvironmentVariable, HttpSettings


class ArgoSettings(HttpSettings):
    """An Argo CD, or some of its projects.

    The API lists applications whole, with everything that they consist of: thousands of large applications
    are better read project by project, so that no answer passes the bound on the size of a body (64 MiB).

    Attributes:
        projects: Projects to read; empty for every application that the token may see.
        token_env: Variable with the token of an account or of a project's role; None to ask without.
    """

    MAX_CONCURRENCY: ClassVar[int] = 8
    """Argo CD documents no limit; every listing is rendered anew by the API server."""

    kind: Literal["argocd"]
    projects: tuple[str, ...] = ()
    token_env: EnvironmentVariable | None = "ASSAY_ARGOCD_TOKEN"  # noqa: S105 - the name of a variable
    concurrency: Annotated[int, Field(ge=1)] = 2
