"""Recording and alerting rules for Prometheus that say of an objective what the warehouse says of it.

For each objective: the bad share over each window of its alerts and over its own (`slo:error:ratio`), the
same as a burn rate (`slo:burn_rate:ratio`), and its alerts. Objectives by slices record each slice first
(`slo:slice_error:ratio`). Prometheus extrapolates: `increase()` guesses the edges of its window, so both
agree within a tolerance (docs/slos.md) and not to the digit.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Final

from orchestration.slos.definitions import ALERT_RULES, ObjectiveDefinition, Signal

_COMPARED: Final = {"lte": "<=", "lt": "<", "gte": ">=", "gt": ">"}
SLICE_ERROR, ERROR, BURN_RATE = "slo:slice_error:ratio", "slo:error:ratio", "slo:burn_rate:ratio"
"""Names of what is recorded."""
_MINUTE: Final = 60
Document = dict[str, Any]


def rule_document(objectives: Iterable[ObjectiveDefinition]) -> Document:
    """The file of rules, as `promtool check rules` accepts it.

    Args:
        objectives: The objectives; those that are not read from a Prometheus are left out.
    """
    groups = [group for one in objectives if is_on_prometheus(one) for group in _groups(one)]
    return {"groups": groups}


def is_on_prometheus(one: ObjectiveDefinition) -> bool:
    """Whether everything that an objective is measured by is in Prometheus."""
    return all(signal.source_kind == "prometheus" for signal in one.signals)


def windows_of(one: ObjectiveDefinition) -> list[int]:
    """Seconds of every window over which the error is recorded, the objective's own among them."""
    asked = {seconds for rule in ALERT_RULES for seconds in (rule.long_seconds, rule.short_seconds)}
    return sorted({*(max(seconds, one.slice_seconds) for seconds in asked), one.window.duration.seconds})


def _groups(one: ObjectiveDefinition) -> Iterator[Document]:
    name = f"slo {one.objective_id}"
    if one.method != "occurrences":
        rule = {"record": SLICE_ERROR, "expr": _slice_error(one), "labels": _labels(one)}
        yield {"name": f"{name} slices", "interval": duration(one.slice_seconds), "rules": [rule]}
    windows = windows_of(one)
    rules = [_error_rule(one, seconds) for seconds in windows]
    rules += [_burn_rule(one, seconds) for seconds in windows]
    yield {"name": name, "interval": duration(max(one.slice_seconds, _MINUTE)), "rules": rules}
    yield {"name": f"{name} alerts", "rules": list(_alerts(one))}


def _error_rule(one: ObjectiveDefinition, seconds: int) -> Document:
    return {"record": ERROR, "expr": error_expression(one, seconds), "labels": _labels(one, seconds)}


def _burn_rule(one: ObjectiveDefinition, seconds: int) -> Document:
    expression = f"{_selector(ERROR, one, seconds)} / {_plain(1 - one.target)}"
    return {"record": BURN_RATE, "expr": expression, "labels": _labels(one, seconds)}


def error_expression(one: ObjectiveDefinition, seconds: int) -> str:
    """The bad share of an objective over the time before an instant, in PromQL."""
    if one.method == "occurrences":
        return _share(one, seconds)
    recorded = f"avg_over_time({_selector(SLICE_ERROR, one)}[{duration(seconds)}])"
    return f"sum({recorded})"


def _slice_error(one: ObjectiveDefinition) -> str:
    """What a slice spends: its bad share, or whether it misses its target; nothing where nothing happened."""
    share = f"({_share(one, one.slice_seconds)}) >= 0"
    if one.method == "ratio_timeslices" or one.slice_target is None:
        return share
    return f"({share}) > bool {_plain(1 - one.slice_target)}"


def _share(one: ObjectiveDefinition, seconds: int) -> str:
    sides = {signal.role: signal for signal in one.signals}
    if one.indicator_kind == "ratio":
        total = _amount(one, sides["total"], seconds)
        if "bad" in sides:
            return f"({_amount(one, sides['bad'], seconds)} or 0 * {total}) / ({total} > 0)"
        return f"1 - ({_amount(one, sides['good'], seconds)} or 0 * {total}) / ({total} > 0)"
    signal = sides[one.indicator_kind]
    if one.indicator_kind == "raw":
        mean = _mean(f"({signal.expression}) >= 0", signal, seconds)
        return mean if one.is_failure_ratio else f"1 - {mean}"
    numbers = f"(({signal.expression}) > -Inf or ({signal.expression}) == -Inf)"
    good = f"{numbers} {_COMPARED[one.operator or 'lte']} bool {_plain(one.threshold or Decimal())}"
    return f"1 - {_mean(good, signal, seconds)}"


def _mean(expression: str, signal: Signal, seconds: int) -> str:
    """The mean of all samples of all series; what is no number is none."""
    samples = f"({expression})[{duration(seconds)}:{duration(signal.step_seconds or _MINUTE)}]"
    return f"sum(sum_over_time({samples})) / sum(count_over_time({samples}))"


def _amount(one: ObjectiveDefinition, signal: Signal, seconds: int) -> str:
    grown = "increase" if one.is_counter else "sum_over_time"
    if signal.matchers or "(" not in (signal.expression or ""):
        return f"sum({grown}({signal.expression}[{duration(seconds)}]))"
    return (
        f"sum({grown}(({signal.expression})[{duration(seconds)}:{duration(signal.step_seconds or _MINUTE)}]))"
    )


def _alerts(one: ObjectiveDefinition) -> Iterator[Document]:
    period = one.window.duration.seconds
    for rule in ALERT_RULES:
        threshold = _plain(Decimal(str(float(rule.burn_rate(period)))))
        sides = [max(seconds, one.slice_seconds) for seconds in (rule.long_seconds, rule.short_seconds)]
        over = [
            f"max without (window) ({_selector(BURN_RATE, one, seconds)}) >= {threshold}" for seconds in sides
        ]
        yield {
            "alert": "ErrorBudgetBurn",
            "expr": " and ".join(over),
            "labels": {**_labels(one), "severity": rule.severity, "rule": rule.name},
            "annotations": {
                "summary": f"The error budget of {one.objective_id} burns {threshold} times too fast.",
            },
        }


def _labels(one: ObjectiveDefinition, seconds: int | None = None) -> dict[str, str]:
    labels = {"slo": one.slo_id, "objective": one.objective_id, "service": one.service_id}
    return labels if seconds is None else {**labels, "window": duration(seconds)}


def _selector(name: str, one: ObjectiveDefinition, seconds: int | None = None) -> str:
    window = "" if seconds is None else f',window="{duration(seconds)}"'
    return f'{name}{{objective="{one.objective_id}"{window}}}'


def duration(seconds: int) -> str:
    """A duration as Prometheus writes it, in its largest whole unit."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
