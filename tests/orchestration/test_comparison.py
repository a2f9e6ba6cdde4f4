"""Computed beside truth: a difference of any size is a difference."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import pytest

from connectors.sandbox.metric_values import MetricValue
from connectors.sandbox.truth import Truth
from orchestration.comparison import compare
from orchestration.screens.demonstration import difference_lines, verdict_lines

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)


def value(metric: str, number: str | None, n: int) -> MetricValue:
    decimal = Decimal(number) if number is not None else None
    return MetricValue(metric, "service", "shop", "month", MAY, JUNE, decimal, None, None, n, "seconds")


def truth(
    *values: MetricValue, silent: tuple[str, ...] = (), causes: tuple[tuple[str, str], ...] = ()
) -> Truth:
    deployments = [
        SimpleNamespace(
            outcome="success", is_change_failure=True, is_change_failure_explicit=False, part_ids=(part,)
        )
        for part in silent
    ]
    incidents = [
        SimpleNamespace(incident=incident, caused_by=(cause,), is_explicit=False)
        for incident, cause in causes
    ]
    return cast(
        "Truth",
        SimpleNamespace(metric_values=lambda: list(values), deployments=deployments, incidents=incidents),
    )


def publication(
    folder: Path,
    rows: list[tuple[Any, ...]],
    found: tuple[str, ...] = (),
    causes: tuple[tuple[int, str], ...] = (),
) -> Path:
    with duckdb.connect(str(folder / "analyst.duckdb")) as con:
        con.execute("create schema marts")
        con.execute(
            "create table marts.mart_metric_values (metric varchar, profile varchar, scope_kind varchar, "
            "scope_id varchar, period_grain varchar, period_start date, value decimal(28, 9), "
            "numerator bigint, denominator bigint, n bigint)"
        )
        for metric, number, n in rows:
            con.execute(
                "insert into marts.mart_metric_values values "
                "(?, 'dora_2026', 'service', 'shop', 'month', '2026-05-01', ?, null, null, ?)",
                [metric, number, n],
            )
        con.execute(
            "create table marts.fct_deployments (deployment_id varchar, is_production boolean, "
            "is_change_failure boolean, is_change_failure_explicit boolean)"
        )
        for deployment in found:
            con.execute("insert into marts.fct_deployments values (?, true, true, false)", [deployment])
        con.execute(
            "create table marts.fct_incidents (repository varchar, number bigint, "
            "is_severity_configured boolean, link_strength varchar, deployment_ids varchar[])"
        )
        for number, deployment in causes:
            con.execute(
                "insert into marts.fct_incidents values ('shop', ?, true, 'rule', [?])", [number, deployment]
            )
        con.execute("insert into marts.fct_incidents values ('shop', 9, true, 'explicit', ['named'])")
    return folder


def test_equal_cells_are_equal_however_they_are_spelled(tmp_path: Path) -> None:
    folder = publication(tmp_path, [("change_lead_time", Decimal("90.500000000"), 4)])
    found = compare(folder, truth(value("change_lead_time", "90.5", 4)))
    assert found.differences == ()
    assert found.compared == 1


@pytest.mark.parametrize(
    "rows",
    [
        [("change_lead_time", Decimal("90.500000001"), 4)],
        [("change_lead_time", Decimal("90.5"), 5)],
        [("change_lead_time", None, 4)],
        [],
        [("change_lead_time", Decimal("90.5"), 4), ("deployment_days", 1, 1)],
    ],
    ids=["last digit", "n", "empty", "missing", "too many"],
)
def test_any_difference_is_found(tmp_path: Path, rows: list[tuple[Any, ...]]) -> None:
    found = compare(publication(tmp_path, rows), truth(value("change_lead_time", "90.5", 4)))
    assert len(found.differences) == 1
    assert next(difference_lines(found)).startswith("DIFFERS ")
    assert "1 differ" in next(verdict_lines(found))


def test_metrics_over_links_by_rule_are_scored_not_compared(tmp_path: Path) -> None:
    folder = publication(tmp_path, [("change_fail_rate", Decimal("0.5"), 4)], found=("a", "b", "c"))
    found = compare(folder, truth(value("change_fail_rate", "0.25", 4), silent=("a", "d")))
    assert found.differences == ()
    assert found.links.precision == pytest.approx(1 / 3)
    assert found.links.recall == 0.5


def test_causes_by_rule_are_scored_as_pairs_of_incident_and_deployment(tmp_path: Path) -> None:
    folder = publication(tmp_path, [], causes=((1, "a"), (2, "a"), (3, "c"), (4, "d")))
    found = compare(folder, truth(causes=(("shop#1", "a"), ("shop#2", "b"))))
    assert (found.causes.found, found.causes.real, found.causes.right) == (4, 2, 1)
    assert "precision 25 % (1 of 4 found), recall 50 % (1 of 2 real)" in list(verdict_lines(found))[-1]


def test_no_link_has_no_score(tmp_path: Path) -> None:
    links = compare(publication(tmp_path, []), truth()).links
    assert (links.precision, links.recall) == (None, None)
