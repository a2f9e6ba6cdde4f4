"""OpenSLO v1 as far as it says what is to be measured: every key, and what may stand there.

After the specification's README (openslo/v1). DataSources and the three kinds of alerting are tolerated: they
are read by other tools, and what stands in them is theirs.
"""

import re
from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Any, Literal, Self, get_args
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from connectors.settings import REMEDY
from orchestration.slos.definitions import Duration, Operator, Unit

TOLERATED = ("DataSource", "AlertPolicy", "AlertCondition", "AlertNotificationTarget")
_DURATION = re.compile(r"([1-9][0-9]{0,5})([mhdwMQY])")


def fault(message: str, remedy: str) -> PydanticCustomError:
    """A problem that says what to do next."""
    return PydanticCustomError("openslo", "{message}", {"message": message, REMEDY: remedy})


def duration(text: Any) -> Duration:
    """Read the duration shorthand."""
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise fault(
            f"{text!r} is no duration", "Write a number and one of m, h, d, w, M, Q, Y, such as 30d or 1M"
        )
    unit: Unit = next(unit for unit in get_args(Unit) if unit == match[2])
    return Duration(int(match[1]), unit)


def _slice_window(value: Any) -> Duration:
    """Read a slice's length: a bare number counts minutes."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return Duration(value, "m")
    return duration(value)


def _number(value: Any) -> Any:
    """Take a number as it is written: a float's shortest text, not its binary value."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise fault(f"{value!r} is no number", "Write a number")
    return str(value)


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise fault(
            f"'{name}' is not a time zone of the IANA database", "Write one such as UTC or Europe/Berlin"
        ) from None
    return name


def _local_time(value: Any) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time.min)
    if not isinstance(value, datetime) or value.tzinfo is not None:
        raise fault(
            "startTime is a local time without a zone",
            "Write for example 2026-01-01 00:00:00, and a timeZone",
        )
    return value


Name = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", max_length=63)]
DurationText = Annotated[Duration, BeforeValidator(duration)]
SliceWindow = Annotated[Duration, BeforeValidator(_slice_window)]
Number = Annotated[
    Decimal, BeforeValidator(_number), Field(allow_inf_nan=False, max_digits=18, decimal_places=9)
]
Share = Annotated[Number, Field(ge=0, le=1)]
Description = Annotated[str, Field(max_length=1050)]


class Section(BaseModel):
    """A mapping of a document: frozen, keys in camel case, and no room for keys that nobody reads."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, arbitrary_types_allowed=True
    )


class Metadata(Section):
    """Name and notes of a document."""

    name: Name
    display_name: str | None = None
    labels: dict[str, Any] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)


class MetricSource(Section):
    """Where a metric is read; what stands in `spec` depends on the type."""

    metric_source_ref: str | None = None
    type: str | None = None
    spec: dict[str, Any] = Field(default_factory=dict)


class Metric(Section):
    """A metric."""

    metric_source: MetricSource


class RatioMetric(Section):
    """Good or bad of total, or a ratio that is measured as such."""

    counter: bool | None = None
    good: Metric | None = None
    bad: Metric | None = None
    total: Metric | None = None
    raw_type: Literal["success", "failure"] | None = None
    raw: Metric | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.raw is not None:
            if self.good or self.bad or self.total:
                raise fault("raw stands beside good, bad or total", "Keep the raw ratio or the two counts")
            if self.raw_type is None:
                raise fault(
                    "raw needs a rawType", "Add rawType: success for good/total, failure for bad/total"
                )
        elif (self.good is None) == (self.bad is None) or self.total is None:
            raise fault("a ratio needs total and one of good and bad", "Name total, and either good or bad")
        elif self.counter is None:
            raise fault(
                "it is open whether the metrics only grow", "Add counter: true for counters, or false"
            )
        return self


class IndicatorSpec(Section):
    """What is measured."""

    description: Description | None = None
    threshold_metric: Metric | None = None
    ratio_metric: RatioMetric | None = None

    @model_validator(mode="after")
    def _one_metric(self) -> Self:
        if (self.threshold_metric is None) == (self.ratio_metric is None):
            raise fault("an SLI has one of thresholdMetric and ratioMetric", "Keep one of them")
        return self


class Indicator(Section):
    """An indicator that stands inside an SLO."""

    metadata: Metadata | None = None
    spec: IndicatorSpec


class Calendar(Section):
    """From when, and in which zone, calendar-aligned windows follow one another."""

    start_time: Annotated[datetime, BeforeValidator(_local_time)]
    time_zone: Annotated[str, AfterValidator(_time_zone)]


class TimeWindow(Section):
    """The window of an SLO."""

    duration: DurationText
    is_rolling: bool | None = None
    calendar: Calendar | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.calendar is not None and self.is_rolling:
            raise fault("a window is rolling or calendar-aligned", "Remove calendar, or isRolling: true")
        if self.calendar is None and self.is_rolling is not True:
            raise fault("the window is not rolling and has no calendar", "Add isRolling: true or calendar")
        return self


class Objective(Section):
    """What is to be reached."""

    display_name: str | None = None
    op: Operator | None = None
    value: Number | None = None
    target: Annotated[Number, Field(ge=0, lt=1)] | None = None
    target_percent: Annotated[Number, Field(ge=0, lt=100)] | None = None
    time_slice_target: Share | None = None
    time_slice_window: SliceWindow | None = None
    indicator: Indicator | None = None
    indicator_ref: str | None = None
    composite_weight: Annotated[Number, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.target is None) == (self.target_percent is None):
            raise fault("an objective has one of target and targetPercent", "Keep one of them")
        if self.indicator is not None and self.indicator_ref is not None:
            raise fault("indicator and indicatorRef stand side by side", "Keep one of them")
        return self

    @property
    def share(self) -> Decimal:
        """The target as a share."""
        if self.target is not None:
            return self.target
        return (self.target_percent or Decimal()) / 100


class SloSpec(Section):
    """An objective of a service, with all that it consists of."""

    description: Description | None = None
    service: str
    indicator: Indicator | None = None
    indicator_ref: str | None = None
    time_window: Annotated[tuple[TimeWindow, ...], Field(min_length=1, max_length=1)]
    budgeting_method: Literal["Occurrences", "Timeslices", "RatioTimeslices"]
    objectives: Annotated[tuple[Objective, ...], Field(min_length=1)]
    alert_policies: tuple[Any, ...] = ()


class ServiceSpec(Section):
    """What is known of a service."""

    description: Description | None = None


class Document(Section):
    """What all kinds have in common."""

    api_version: Literal["openslo/v1"]
    kind: str
    metadata: Metadata


class SloDocument(Document):
    """Kind SLO."""

    spec: SloSpec


class SliDocument(Document):
    """Kind SLI."""

    spec: IndicatorSpec


class ServiceDocument(Document):
    """Kind Service."""

    spec: ServiceSpec = ServiceSpec()


class OtherDocument(Document):
    """A kind that other tools read."""

    spec: Any = None


KINDS: dict[str, type[Document]] = {
    "SLO": SloDocument,
    "SLI": SliDocument,
    "Service": ServiceDocument,
    **dict.fromkeys(TOLERATED, OtherDocument),
}
