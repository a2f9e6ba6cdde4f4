"""What a workspace says about a SCIM directory."""

from typing import Annotated, Literal

from pydantic import Field

from connectors.settings import EnvironmentVariable, HttpSettings


class ScimSettings(HttpSettings):
    """A directory that speaks SCIM 2.0.

    Attributes:
        base_url: Where its resources are, up to but without `/Users`.
        concurrency: Requests in flight.
        token_env: The variable that holds a bearer token.
        page_size: Resources asked for in one page; a directory may give fewer.
        filters_changes: Whether the directory filters by `meta.lastModified`. Then a run in which nothing has
            changed costs two small requests a stream instead of the whole listing.
    """

    kind: Literal["scim"]
    concurrency: Annotated[int, Field(ge=1)] = 2
    token_env: EnvironmentVariable = "ASSAY_SCIM_TOKEN"  # noqa: S105 - the name of a variable
    page_size: Annotated[int, Field(ge=1, le=1000)] = 100
    filters_changes: bool = False
