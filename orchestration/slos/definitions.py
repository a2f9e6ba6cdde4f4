"""What the files of a workspace define, resolved: one value per objective, with everything that it needs."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal

Role = Literal["good", "bad", "total", "raw", "threshold"]
IndicatorKind = Literal["ratio", "raw", "threshold"]
BudgetingMethod = Literal["occurrences", "timeslices", "ratio_timeslices"]
EmptyPolicy = Literal["exclude", "good", "bad"]
Operator = Literal["lte", "gte", "lt", "gt"]
Unit = Literal["m", "h", "d", "w", "M", "Q", "Y"]

_SECONDS: Final[dict[Unit, int]] = {
    "m": 60,
    "h": 3_600,
    "d": 86_400,
    "w": 7 * 86_400,
    "M": 30 * 86_400,
    "Q": 90 * 86_400,
    "Y": 365 * 86_400,
}


@dataclass(frozen=True, slots=True)
class Duration:
    """A duration as OpenSLO writes it: `30d`, `1M`."""

    count: int
    unit: Unit

    @property
    def seconds(self) -> int:
        """Its length; a month counts 30 days, a quarter 90 and a year 365, wherever no calendar is asked."""
        return self.count * _SECONDS[self.unit]

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"


@dataclass(frozen=True, slots=True)
class Window:
    """The time over which an objective is to be met.

    Attributes:
        duration: Its length.
        starts: Local time from which calendar-aligned windows follow one another; None for a rolling one.
        time_zone: The zone of that time.
    """

    duration: Duration
    starts: datetime | None = None
    time_zone: str = "UTC"

    @property
    def kind(self) -> Literal["rolling", "calendar"]:
        """Whether it moves on with time."""
        return "rolling" if self.starts is None else "calendar"


@dataclass(frozen=True, slots=True)
class Matcher:
    """What a label must be, as in PromQL; an absent label is empty."""

    label: str
    operator: Literal["=", "!=", "=~", "!~"]
    value: str


@dataclass(frozen=True, slots=True)
class Signal:
    """Where one side of an indicator is read.

    Attributes:
        role: Which side.
        source_kind: Kind of the source.
        source: Its name in the settings.
        query: Name of the sampled query, or the objective's identifier or name at Datadog.
        matchers: What the labels of its series must be.
        step_seconds: Time between two samples; None where the source decides.
        expression: It in PromQL; None for what is no Prometheus.
    """

    role: Role
    source_kind: Literal["prometheus", "datadog"]
    source: str
    query: str
    matchers: tuple[Matcher, ...] = ()
    step_seconds: int | None = None
    expression: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectiveDefinition:
    """One objective of one SLO.

    Attributes:
        slo_id: Name of the SLO.
        objective_id: Unique name of the objective: the SLO's, with the place behind it where there are more.
        number: Its place in the SLO, from 1 on.
        title: For people.
        service_id: The service.
        indicator_kind: Ratio of two counts, ratio that is measured as such, or a value with a threshold.
        is_counter: Whether the counts only grow.
        is_failure_ratio: Whether the measured ratio is of failures.
        method: How the budget is counted.
        target: Share that must be good.
        slice_seconds: Length of a slice.
        slice_target: Share of a slice that must be good for the slice to be good.
        operator: How a good value compares with the threshold.
        threshold: The threshold.
        window: Over which time.
        no_traffic: What slices count in which nothing happened.
        gaps: What slices count of which nothing is known.
        weight: Its weight in a composite; None where its SLO is none.
        signals: Where it is measured.
        file: The file that defines it, relative to the workspace.
    """

    slo_id: str
    objective_id: str
    number: int
    title: str
    service_id: str
    indicator_kind: IndicatorKind
    is_counter: bool
    is_failure_ratio: bool
    method: BudgetingMethod
    target: Decimal
    slice_seconds: int
    slice_target: Decimal | None
    operator: Operator | None
    threshold: Decimal | None
    window: Window
    no_traffic: EmptyPolicy
    gaps: EmptyPolicy
    weight: Decimal | None
    signals: tuple[Signal, ...]
    file: str


@dataclass(frozen=True, slots=True)
class AlertRule:
    """A multi-window alert: it fires while the budget burns this fast over both of its windows.

    Attributes:
        name: Name of the rule.
        severity: `page` or `ticket`.
        long_seconds: The window that decides.
        short_seconds: The window that ends the alert soon after the trouble.
        budget_share: Share of the budget that is spent when it fires.
    """

    name: str
    severity: Literal["page", "ticket"]
    long_seconds: int
    short_seconds: int
    budget_share: Fraction

    def burn_rate(self, period_seconds: int) -> Fraction:
        """How many times faster than allowed the budget of a period burns: share x period / window."""
        return self.budget_share * period_seconds / self.long_seconds


ALERT_RULES: Final = (
    AlertRule("fast", "page", 3_600, 300, Fraction(2, 100)),
    AlertRule("quick", "page", 6 * 3_600, 1_800, Fraction(5, 100)),
    AlertRule("slow", "ticket", 24 * 3_600, 7_200, Fraction(10, 100)),
    AlertRule("creeping", "ticket", 72 * 3_600, 6 * 3_600, Fraction(10, 100)),
)
"""DEFINITIONS §4, after the SRE workbook's table of multi-window, multi-burn-rate alerts."""
