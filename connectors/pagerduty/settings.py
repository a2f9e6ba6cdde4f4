"""What a workspace says about a PagerDuty source."""

from typing import Annotated, Literal

from pydantic import Field

from connectors.settings import BaseUrl, EnvironmentVariable, HttpSettings


class PagerDutySettings(HttpSettings):
    """One PagerDuty account.

    Attributes:
        base_url: Where the API lives; accounts of the EU region have `https://api.eu.pagerduty.com`.
        concurrency: Requests in flight; PagerDuty bounds the rate, not the flight.
        token_env: The variable that holds a REST API key; one that may only read is enough.
    """

    kind: Literal["pagerduty"]
    base_url: BaseUrl = "https://api.pagerduty.com"
    concurrency: Annotated[int, Field(ge=1)] = 4
    token_env: EnvironmentVariable = "ASSAY_PAGERDUTY_TOKEN"  # noqa: S105 - the name of a variable
