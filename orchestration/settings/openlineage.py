"""Where the events of the OpenLineage standard go."""

from typing import Literal, Self

from pydantic import model_validator

from connectors.settings import BaseUrl, EnvironmentVariable, SettingsSection


class OpenLineage(SettingsSection):
    """Every run's events: into `data/openlineage/`, to an HTTP endpoint, or nowhere."""

    transport: Literal["file", "http", "none"] = "file"
    url: BaseUrl | None = None
    api_key_variable: EnvironmentVariable | None = None

    @model_validator(mode="after")
    def _endpoint_is_named(self) -> Self:
        if self.transport == "http" and self.url is None:
            raise ValueError("transport: http needs a url, the endpoint without /api/v1/lineage")
        if self.transport != "http" and (self.url or self.api_key_variable):
            raise ValueError("url and api_key_variable belong to transport: http")
        return self
