"""What follows from an indicator and an objective alone: its kind, its metrics, its slices, its window."""

from collections.abc import Iterator, Mapping, Sequence
from math import lcm
from typing import Final

from orchestration.settings.located import KeyPath
from orchestration.slos.definitions import BudgetingMethod, IndicatorKind, Role, Signal, Window
from orchestration.slos.schema import IndicatorSpec, Metric, Objective, SloSpec, fault

METHODS: Final[Mapping[str, BudgetingMethod]] = {
    "Occurrences": "occurrences",
    "Timeslices": "timeslices",
    "RatioTimeslices": "ratio_timeslices",
}
_HOUR: Final = 3_600


def metrics_of(indicator: IndicatorSpec) -> Iterator[tuple[Role, KeyPath, Metric]]:
    """The metrics of an indicator, each with its role and where it stands."""
    if indicator.threshold_metric is not None:
        yield "threshold", ("thresholdMetric",), indicator.threshold_metric
    ratio = indicator.ratio_metric
    if ratio is None:
        return
    sides: tuple[tuple[Role, Metric | None], ...] = (
        ("good", ratio.good),
        ("bad", ratio.bad),
        ("total", ratio.total),
        ("raw", ratio.raw),
    )
    for role, metric in sides:
        if metric is not None:
            yield role, ("ratioMetric", role), metric


def kind_of(indicator: IndicatorSpec) -> IndicatorKind:
    """How the indicator measures."""
    if indicator.ratio_metric is None:
        return "threshold"
    return "ratio" if indicator.ratio_metric.raw is None else "raw"


def check_threshold(indicator: IndicatorSpec, objective: Objective) -> None:
    """Refuse a threshold without a value to compare, and a comparison without a threshold.

    Raises:
        PydanticCustomError: With a remedy.
    """
    given = objective.op is not None, objective.value is not None
    if indicator.threshold_metric is not None and not all(given):
        raise fault("a thresholdMetric needs op and value", "Add for example op: lte and value: 0.3")
    if indicator.threshold_metric is None and any(given):
        raise fault("op and value belong to a thresholdMetric", "Remove them, or measure a value")


def slice_seconds(method: BudgetingMethod, objective: Objective, signals: Sequence[Signal]) -> int:
    """The length of a slice: as the objective says, else that of a sample.

    Raises:
        PydanticCustomError: It is missing, or does not hold whole samples.
    """
    steps = [signal.step_seconds for signal in signals if signal.step_seconds is not None]
    step = lcm(*steps) if steps else None
    if objective.time_slice_window is None:
        if method != "occurrences":
            raise fault("timeslices need a timeSliceWindow", "Add for example timeSliceWindow: 1m")
        return step or _HOUR
    seconds = objective.time_slice_window.seconds
    if step is not None and seconds % step:
        raise fault(
            f"a slice of {seconds} s does not hold whole samples, which are {step} s apart",
            f"Make timeSliceWindow a multiple of {step} s, or sample more often",
        )
    return seconds


def check_slice_target(method: BudgetingMethod, objective: Objective) -> None:
    """Refuse timeslices without a target for the slice.

    Raises:
        PydanticCustomError: With a remedy.
    """
    if method == "timeslices" and objective.time_slice_target is None:
        raise fault("timeslices need a timeSliceTarget", "Add the share of a slice that must be good")


def window_of(spec: SloSpec) -> Window:
    """The window of an SLO."""
    (given,) = spec.time_window
    if given.calendar is None:
        return Window(given.duration)
    return Window(given.duration, given.calendar.start_time, given.calendar.time_zone)
