"""Definitions as the rows that models join: tables of the schema `config`."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import pyarrow as pa

from orchestration.slos.definitions import ALERT_RULES, ObjectiveDefinition

_NINE_DIGITS: Final = Decimal("0.000000001")


def slo_tables(objectives: Iterable[ObjectiveDefinition]) -> dict[str, pa.Table]:
    """Return the tables of `config_columns` that have rows."""
    given = tuple(objectives)
    rows = {
        "slo_objectives": [_objective(one) for one in given],
        "slo_signals": list(_signals(given)),
        "slo_matchers": list(_matchers(given)),
        "slo_alert_rules": list(_alert_rules(given)),
    }
    return {name: pa.Table.from_pylist(each) for name, each in rows.items() if each}


def _objective(one: ObjectiveDefinition) -> dict[str, Any]:
    return {
        "slo_id": one.slo_id,
        "objective_id": one.objective_id,
        "objective_number": one.number,
        "title": one.title,
        "service_id": one.service_id,
        "indicator_kind": one.indicator_kind,
        "is_counter": one.is_counter,
        "is_failure_ratio": one.is_failure_ratio,
        "budgeting_method": one.method,
        "target_ratio": one.target,
        "slice_seconds": one.slice_seconds,
        "slice_target_ratio": one.slice_target,
        "threshold_operator": one.operator,
        "threshold_value": one.threshold,
        "no_traffic_policy": one.no_traffic,
        "gap_policy": one.gaps,
        "window_kind": one.window.kind,
        "window_count": one.window.duration.count,
        "window_unit": one.window.duration.unit,
        "window_seconds": one.window.duration.seconds,
        "window_starts_local_at": one.window.starts,
        "window_time_zone": one.window.time_zone,
        "composite_weight": one.weight,
        "definition_file": one.file,
    }


def _signals(objectives: Iterable[ObjectiveDefinition]) -> Iterator[dict[str, Any]]:
    for one in objectives:
        for signal in one.signals:
            yield {
                "objective_id": one.objective_id,
                "signal_role": signal.role,
                "source_kind": signal.source_kind,
                "source": signal.source,
                "query_name": signal.query,
                "step_seconds": signal.step_seconds,
                "matcher_count": len(signal.matchers),
            }


def _matchers(objectives: Iterable[ObjectiveDefinition]) -> Iterator[dict[str, Any]]:
    for one in objectives:
        for signal in one.signals:
            for matcher in signal.matchers:
                yield {
                    "objective_id": one.objective_id,
                    "signal_role": signal.role,
                    "label": matcher.label,
                    "operator": matcher.operator,
                    "label_value": matcher.value,
                }


def _alert_rules(objectives: Iterable[ObjectiveDefinition]) -> Iterator[dict[str, Any]]:
    for one in objectives:
        for rule in ALERT_RULES:
            yield {
                "objective_id": one.objective_id,
                "rule_name": rule.name,
                "severity": rule.severity,
                "long_window_seconds": rule.long_seconds,
                "short_window_seconds": rule.short_seconds,
                "budget_share_ratio": _decimal(rule.budget_share),
                "burn_rate_threshold": _decimal(rule.burn_rate(one.window.duration.seconds)),
            }


def _decimal(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / value.denominator).quantize(_NINE_DIGITS)
