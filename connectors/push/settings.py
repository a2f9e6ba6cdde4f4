"""What a workspace says about the endpoints that others send to."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic_core import PydanticCustomError

from connectors.settings import EnvironmentVariable, Name, SettingsSection, SourceSettings

Provider = Literal["github", "gitlab", "pagerduty", "cdevents", "deployments", "incidents"]
STREAM_NAMES: Mapping[Provider, str] = {
    "github": "github_deliveries",
    "gitlab": "gitlab_deliveries",
    "pagerduty": "pagerduty_deliveries",
    "cdevents": "cdevents",
    "deployments": "deployments",
    "incidents": "incidents",
}
"""The stream that each provider's deliveries belong to."""

LARGEST_BODY_BYTES = 25 * 1024 * 1024
"""GitHub's own bound for a delivery ("Webhook events and payloads": 25 MB)."""


class Endpoint(SettingsSection):
    """One address that somebody sends to: `/<path>`.

    Attributes:
        provider: Who sends, and so how a delivery is signed and told from others.
        path: Last step of the address; the provider's name by default.
        secret_env: The variable that holds the secret that sender and receiver share.
        previous_secret_env: The variable with the secret before a rotation, accepted as well.
    """

    provider: Provider
    path: Name | None = None
    secret_env: EnvironmentVariable
    previous_secret_env: EnvironmentVariable | None = None

    @property
    def address(self) -> str:
        """The last step of the address."""
        return self.path or self.provider


class PushSettings(SourceSettings):
    """Endpoints that wait for deliveries; `assay receive` serves them.

    Attributes:
        endpoints: The addresses.
        max_body_bytes: The largest delivery to accept.
    """

    kind: Literal["push"]
    endpoints: Annotated[tuple[Endpoint, ...], Field(min_length=1)]
    max_body_bytes: Annotated[int, Field(ge=1024, le=LARGEST_BODY_BYTES)] = LARGEST_BODY_BYTES

    def model_post_init(self, _context: Any) -> None:
        """Refuse two endpoints of one address.

        Raises:
            PydanticCustomError: With the address.
        """
        addresses = [endpoint.address for endpoint in self.endpoints]
        for address in addresses:
            if addresses.count(address) > 1:
                raise PydanticCustomError(
                    "address", "two endpoints have the address '{address}'", {"address": address}
                )

    @property
    def unused_streams(self) -> tuple[str, ...]:
        """Streams that no endpoint brings."""
        brought = {STREAM_NAMES[endpoint.provider] for endpoint in self.endpoints}
        return tuple(name for name in STREAM_NAMES.values() if name not in brought)

    @property
    def variables(self) -> dict[str, str]:
        """The variables with the endpoints' secrets."""
        named: dict[str, str] = {}
        for endpoint in self.endpoints:
            named[f"secret_env of {endpoint.address}"] = endpoint.secret_env
            if endpoint.previous_secret_env is not None:
                named[f"previous_secret_env of {endpoint.address}"] = endpoint.previous_secret_env
        return named
