"""What a workspace says about a Datadog source."""

from typing import Annotated, Literal

from pydantic import Field

from connectors.settings import BaseUrl, EnvironmentVariable, HttpSettings


class DatadogSettings(HttpSettings):
    """One Datadog organisation.

    Attributes:
        base_url: The API of the organisation's site, such as `https://api.datadoghq.eu`.
        concurrency: Requests in flight; Datadog bounds the rate of each endpoint, not the flight.
        api_key_env: The variable that holds an API key.
        application_key_env: The variable that holds an application key of somebody who may read objectives,
            monitors, incidents and users.
    """

    kind: Literal["datadog"]
    base_url: BaseUrl = "https://api.datadoghq.com"
    concurrency: Annotated[int, Field(ge=1)] = 4
    api_key_env: EnvironmentVariable = "ASSAY_DATADOG_API_KEY"
    application_key_env: EnvironmentVariable = "ASSAY_DATADOG_APPLICATION_KEY"
