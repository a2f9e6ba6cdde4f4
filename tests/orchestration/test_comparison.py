"""Computed beside truth: a difference of any size is a difference."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import pytest

from connectors.sandbox.metric_values import MetricValue
from connectors.sandbox.truth import Truth
from orchestration.screens.demonstration import difference_lines, verdict_lines
from orchestration.truth.comparison import compare
from orchestration.truth.rule_scores import Score

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)


def value(metric: str, number: str | None, n: int) -> MetricValue:
    decimal = Decimal(number) if number is not None else None
    return MetricValue(metric, "service", "shop", "month", MAY, JUNE, decimal, None, None, n, "seconds")


def rollout(deployment_id: str, **what: bool) -> SimpleNamespace:
    """A rollout that reached users; nothing is the matter with it but what is said."""
    plain = dict.fromkeys(
        (
            "is_change_failure",
            "is_change_failure_explicit",
            "is_rollback",
            "is_unplanned",
            "is_repair",
            "is_without_change",
        ),
        False,
    )
    return SimpleNamespace(outcome="success", part_ids=(deployment_id, f"{deployment_id}-2"), **plain | what)


def truth(
    *values: MetricValue,
    rollouts: tuple[SimpleNamespace, ...] = (),
    causes: tuple[tuple[str, str], ...] = (),
    defects: tuple[str, ...] = (),
) -> Truth:
    incidents = [
        SimpleNamespace(incident=incident, caused_by=(cause,), is_explicit=False)
        for incident, cause in causes
    ]
    items = [SimpleNamespace(tool="jira", item=item, is_production_defect=True) for item in defects]
    return cast(
        "Truth",
        SimpleNamespace(
            metric_values=lambda: list(values), deployments=rollouts, incidents=incidents, work_items=items
        ),
    )


def publication(
    folder: Path,
    rows: list[tuple[Any, ...]],
    *,
    found: tuple[str, ...] = (),
    causes: tuple[tuple[int, str], ...] = (),
    classes: tuple[tuple[str, str], ...] = (),
    defects: tuple[str, ...] = (),
) -> Path:
    with duckdb.connect(str(folder / "analyst.duckdb")) as con:
        con.execute("create schema marts")
        con.execute(
            "create table marts.mart_metric_values (metric varchar, profile varchar, scope_kind varchar, "
            "scope_id varchar, period_grain varchar, period_start date, value decimal(28, 9), "
            "numerator bigint, denominator bigint, n bigint, flags varchar[])"
        )
        for metric, number, n, *flags in rows:
            con.execute(
                "insert into marts.mart_metric_values values "
                "(?, 'dora_2026', 'service', 'shop', 'month', '2026-05-01', ?, null, null, ?, ?::varchar[])",
                [metric, number, n, flags],
            )
        con.execute(
            "create table marts.fct_deployments (deployment_id varchar, is_production boolean default true, "
            "outcome varchar default 'success', is_change_failure boolean default false, "
            "is_change_failure_explicit boolean default false, is_rollback boolean default false, "
            "is_hotfix boolean default false, is_unplanned boolean default false)"
        )
        for deployment, column in (*((name, "is_change_failure") for name in found), *classes):
            con.execute(
                f"insert into marts.fct_deployments (deployment_id, {column}) values (?, true)", [deployment]
            )
        con.execute(
            "insert into marts.fct_deployments (deployment_id, outcome, is_rollback) "
            "values ('nobody got it', 'failed_rollout', true)"
        )
        con.execute(
            "create table marts.fct_issues (source_kind varchar, issue_key varchar, "
            "is_production_defect boolean, is_counted boolean)"
        )
        for item in defects:
            con.execute("insert into marts.fct_issues values ('jira', ?, true, true)", [item])
        con.execute("insert into marts.fct_issues values ('jira', 'OTHER-1', false, true)")
        con.execute(
            "create table marts.fct_incidents (repository varchar, number bigint, reference varchar, "
            "is_severity_configured boolean, link_strength varchar, deployment_ids varchar[])"
        )
        for number, deployment in causes:
            con.execute(
                "insert into marts.fct_incidents values ('shop', ?, null, true, 'rule', [?])",
                [number, deployment],
            )
        con.execute("insert into marts.fct_incidents values ('shop', 9, null, true, 'explicit', ['named'])")
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


FAILURES, CAUSES = "Failures, where they left no reference", "Causes of incidents, where nothing names them"


def test_a_withheld_cell_is_counted_as_withheld_and_never_as_equal(tmp_path: Path) -> None:
    rows = [("change_lead_time", None, None, "withheld"), ("deployment_days", Decimal(1), 1)]
    folder = publication(tmp_path, rows)
    found = compare(folder, truth(value("change_lead_time", "90.5", 4), value("deployment_days", "1", 1)))
    assert (found.differences, found.compared, found.withheld) == ((), 1, 1)
    assert "1 more, of teams below the minimum size, are withheld" in list(verdict_lines(found))[1]


@pytest.mark.parametrize("row", [(None, 4), (Decimal(90), None)], ids=["n", "value"])
def test_a_withheld_cell_that_still_says_something_is_a_difference(
    tmp_path: Path, row: tuple[Any, ...]
) -> None:
    folder = publication(tmp_path, [("change_lead_time", *row, "withheld")])
    assert len(compare(folder, truth(value("change_lead_time", "90.5", 4))).differences) == 1


def test_a_day_that_a_withheld_quarter_has_no_row_of_is_withheld_and_any_other_is_missing(
    tmp_path: Path,
) -> None:
    folder = publication(tmp_path, [("deployment_days", None, None, "withheld")])
    with duckdb.connect(str(folder / "analyst.duckdb")) as con:
        con.execute(
            "update marts.mart_metric_values set period_grain = 'quarter', period_start = '2026-04-01'"
        )
    quarter = replace(value("deployment_days", "1", 1), period_grain="quarter", period_start=date(2026, 4, 1))
    withheld, shown = (
        replace(value("deployment_days", "1", 1), period_grain="day", period_start=day)
        for day in (date(2026, 6, 30), date(2026, 7, 1))
    )
    found = compare(folder, truth(quarter, withheld, shown))
    assert found.withheld == 2
    assert [each.key[4] for each in found.differences] == ["2026-07-01"]


def test_a_cell_of_nothing_is_a_difference_though_it_is_withheld(tmp_path: Path) -> None:
    folder = publication(tmp_path, [("change_lead_time", None, None, "withheld")])
    assert len(compare(folder, truth()).differences) == 1


def test_metrics_over_links_by_rule_are_scored_not_compared(tmp_path: Path) -> None:
    folder = publication(tmp_path, [("change_fail_rate", Decimal("0.5"), 4)], found=("a", "b", "c"))
    silent = (rollout("a", is_change_failure=True), rollout("d", is_change_failure=True))
    named = rollout("e", is_change_failure=True, is_change_failure_explicit=True)
    found = compare(folder, truth(value("change_fail_rate", "0.25", 4), rollouts=(*silent, named)))
    assert found.differences == ()
    assert found.scores[FAILURES].precision == pytest.approx(1 / 3)
    assert found.scores[FAILURES].recall == 0.5


def test_causes_by_rule_are_scored_as_pairs_of_incident_and_deployment(tmp_path: Path) -> None:
    folder = publication(tmp_path, [], causes=((1, "a"), (2, "a"), (3, "c"), (4, "d")))
    found = compare(folder, truth(causes=(("shop#1", "a"), ("shop#2", "b"))))
    assert found.scores[CAUSES] == Score(found=4, real=2, right=1)
    line = next(line for line in verdict_lines(found) if line.startswith(CAUSES))
    assert line.endswith("precision 25 % (1 of 4 found), recall 50 % (1 of 2 real).")


@pytest.mark.parametrize(
    ("title", "column", "real", "other"),
    [
        ("Rollbacks", "is_rollback", {"is_rollback": True}, {"is_unplanned": True}),
        (
            "Hotfixes, among rollouts with a fix",
            "is_hotfix",
            {"is_repair": True},
            {"is_repair": True, "is_without_change": True},
        ),
        ("Unplanned work", "is_unplanned", {"is_repair": True}, {"is_change_failure": True}),
    ],
)
def test_what_a_rollout_was_for_is_scored(
    tmp_path: Path, title: str, column: str, real: dict[str, bool], other: dict[str, bool]
) -> None:
    folder = publication(tmp_path, [], classes=(("a", column), ("b", column), ("c-2", column)))
    rollouts = (rollout("a", **real), rollout("b", **other), rollout("c", **real), rollout("d", **real))
    found = compare(folder, truth(rollouts=rollouts))
    assert found.scores[title] == Score(found=3, real=3, right=2), "c is known by its second part, too"


def test_defects_among_work_items_are_scored(tmp_path: Path) -> None:
    folder = publication(tmp_path, [], defects=("SHOP-1", "SHOP-2"))
    found = compare(folder, truth(defects=("SHOP-2", "SHOP-3", "SHOP-4")))
    assert found.scores["Defects that users met, among work items"] == Score(found=2, real=3, right=1)


def test_no_link_has_no_score(tmp_path: Path) -> None:
    links = compare(publication(tmp_path, []), truth()).scores[FAILURES]
    assert (links.precision, links.recall) == (None, None)
