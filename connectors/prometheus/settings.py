"""What a workspace says about a Prometheus server."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from connectors.settings import EnvironmentVariable, HttpSettings, Name, SettingsSection

MAX_POINTS = 11_000
"""Points a series that a range query may return (Prometheus, web/api/v1: "exceeded maximum resolution")."""


class SampledQuery(SettingsSection):
    """An expression whose values the workspace keeps as samples.

    A name stands for one expression, one step and one length of slice for good: samples that were measured
    in different ways must not stand in one series. To change one, give it another name.

    Attributes:
        name: Name of the query, unique in the source.
        query: The expression in PromQL, sent as it stands here.
        step_seconds: Time between two samples; instants are multiples of it since the epoch.
        unit: What a value counts or measures, for readers: `requests`, `seconds`.
        slice_points: Samples a series in one request. The last slice is read anew by every run, so longer
            slices mean fewer requests for history and more to read again. Thousands of series want shorter
            ones: a body may have 64 MB.
    """

    name: Name
    query: Annotated[str, Field(min_length=1)]
    step_seconds: Annotated[int, Field(ge=1)] = 60
    unit: str | None = None
    slice_points: Annotated[int, Field(ge=1, le=MAX_POINTS)] = 1_440

    @property
    def slice_seconds(self) -> int:
        """How long a slice is."""
        return self.step_seconds * self.slice_points


class MonitoringAccess(HttpSettings):
    """How Prometheus and Alertmanager are reached: openly, with a token, or with a user and a password.

    Attributes:
        token_env: Variable with a bearer token.
        user_env: Variable with a user for basic authentication.
        password_env: Variable with the user's password.
    """

    MAX_CONCURRENCY: ClassVar[int] = 20  # Prometheus' own --query.max-concurrency

    token_env: EnvironmentVariable | None = None
    user_env: EnvironmentVariable | None = None
    password_env: EnvironmentVariable | None = None
    concurrency: Annotated[int, Field(ge=1)] = 4

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if (self.user_env is None) != (self.password_env is None):
            raise PydanticCustomError("credentials", "user_env and password_env belong together: name both")
        if self.token_env is not None and self.user_env is not None:
            raise PydanticCustomError(
                "credentials", "give token_env, or user_env with password_env, not both"
            )
        return self


class PrometheusSettings(MonitoringAccess):
    """A Prometheus server.

    Attributes:
        queries: What to keep as samples.
        alerts: How alerts are looked up in the past.
        retention_days: How long the server keeps samples. Older slices are never asked for: the server would
            answer with nothing, and nothing would replace what was read while it was there.
        overlap_minutes: How long before the last complete step slices are read again: samples that come late,
            recording rules that catch up.
        delay_seconds: How long samples take to arrive; newer steps are not asked for.
    """

    kind: Literal["prometheus"]
    queries: tuple[SampledQuery, ...] = ()
    alerts: SampledQuery = SampledQuery(name="ALERTS", query="ALERTS")
    retention_days: Annotated[int, Field(ge=1)] = 15
    overlap_minutes: Annotated[int, Field(ge=0)] = 60
    delay_seconds: Annotated[int, Field(ge=0)] = 60

    def model_post_init(self, context: Any) -> None:
        """Refuse two queries of one name.

        Raises:
            PydanticCustomError: With the names.
        """
        super().model_post_init(context)
        names = [query.name for query in self.queries]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise PydanticCustomError(
                "names", "the queries {names} are given twice", {"names": ", ".join(doubled)}
            )
