"""Rules for Prometheus: accepted by its own tool, and agreeing with the warehouse on a real server."""

import json
import random
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import click.testing
import pytest
import yaml

from orchestration.command import assay
from orchestration.slos.definitions import Duration, ObjectiveDefinition, Signal, Window
from orchestration.slos.rules import (
    ERROR,
    SLICE_ERROR,
    error_expression,
    is_on_prometheus,
    rule_document,
    windows_of,
)
from tests.connectors.prometheus.programs import asked, blocks_of, program, prometheus
from tests.dbt_project.slo_stories import DAY, MINUTE, START, SloStory, label, objective, window

TOLERANCES = {
    "occurrences": Decimal("0.001"),
    "ratio_timeslices": Decimal("0.001"),
    "timeslices": Decimal(2) / 288,
}
"""What docs/slos.md states: by how much the bad share of a day may differ: by timeslices, two slices."""

FIVE_MINUTES = 5 * MINUTE
SLICES = {"slice_seconds": FIVE_MINUTES, "window": Window(Duration(1, "d"))}
METRICS = {"total": "requests_total", "bad": "failures_total"}


def counted(**given: Any) -> ObjectiveDefinition:
    """An objective over two counters of one service."""
    signals = tuple(
        Signal(
            role,
            "prometheus",
            "prom",
            role,
            (label("job", "shop"),),
            MINUTE,
            f'{METRICS[role]}{{job="shop"}}',
        )
        for role in ("bad", "total")
    )
    return replace(objective(**given), signals=signals)


def measured(kind: Any, expression: str, **given: Any) -> ObjectiveDefinition:
    """An objective over one expression."""
    signal = Signal(kind, "prometheus", "prom", kind, (), MINUTE, expression)
    one = objective(indicator_kind=kind, is_counter=False, **given)
    return replace(one, signals=(signal,))


OBJECTIVES = [
    counted(),
    counted(objective_id="slices", method="timeslices", slice_target=Decimal("0.95"), **SLICES),
    counted(objective_id="ratios", method="ratio_timeslices", **SLICES),
    measured("raw", "job:success:ratio", objective_id="raw"),
    measured("raw", "sum(a) / sum(b)", objective_id="failures", is_failure_ratio=True),
    measured(
        "threshold",
        "histogram_quantile(0.99, sum by (le) (rate(x_bucket[5m])))",
        objective_id="fast",
        operator="lt",
        threshold=Decimal("0.25"),
        method="timeslices",
        slice_target=Decimal(1),
    ),
    replace(counted(objective_id="gauges"), is_counter=False),
]


def checked(document: dict[str, Any], folder: Path) -> str:
    """What promtool says of a file of rules."""
    file = folder / "rules.yml"
    file.write_text(yaml.safe_dump(document))
    command = [program("promtool"), "check", "rules", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("one", OBJECTIVES, ids=lambda one: one.objective_id)
def test_promtool_accepts_the_rules_of_every_kind_of_objective(
    one: ObjectiveDefinition, tmp_path: Path
) -> None:
    document = rule_document([one])
    rules = [rule for group in document["groups"] for rule in group["rules"]]
    assert f"SUCCESS: {len(rules)} rules found" in checked(document, tmp_path)
    assert [rule["labels"]["rule"] for rule in rules if "alert" in rule] == [
        "fast",
        "quick",
        "slow",
        "creeping",
    ]


def test_promtool_accepts_all_of_them_in_one_file(tmp_path: Path) -> None:
    checked(rule_document(OBJECTIVES), tmp_path)


def test_each_window_of_the_alerts_and_the_objectives_own_are_recorded() -> None:
    one = counted()
    assert windows_of(one) == [300, 1_800, 3_600, 7_200, 21_600, 86_400, 259_200, 30 * DAY]
    recorded = [rule for rule in rule_document([one])["groups"][0]["rules"] if rule["record"] == ERROR]
    assert [rule["labels"]["window"] for rule in recorded] == [
        "5m",
        "30m",
        "1h",
        "2h",
        "6h",
        "1d",
        "3d",
        "30d",
    ]
    coarse = replace(one, slice_seconds=7_200)
    assert windows_of(coarse)[0] == 7_200


def test_the_alerts_fire_at_the_published_burn_rates() -> None:
    alerts = rule_document([counted()])["groups"][-1]["rules"]
    assert [rule["expr"].rsplit(">= ")[-1] for rule in alerts] == ["14.4", "6", "3", "1"]
    assert [rule["labels"]["severity"] for rule in alerts] == ["page", "page", "ticket", "ticket"]


def test_what_is_measured_at_datadog_has_no_rules() -> None:
    one = replace(counted(), signals=(Signal("good", "datadog", "dog", "abc"),))
    assert not is_on_prometheus(one)
    assert rule_document([one]) == {"groups": []}


ASSAY_YML = {
    "organisation": "acme",
    "sources": [
        {
            "name": "prom",
            "kind": "prometheus",
            "base_url": "http://localhost:9090",
            "queries": [{"name": "requests", "query": "requests_total"}],
        }
    ],
}
SLO_YAML = """
apiVersion: openslo/v1
kind: SLO
metadata: {name: answers}
spec:
  service: checkout
  indicator:
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {type: Prometheus, spec: {query: 'requests_total{code="500"}'}}}
        total: {metricSource: {type: Prometheus, spec: {query: requests_total}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.999}]
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "assay.yml").write_text(yaml.safe_dump(ASSAY_YML))
    (tmp_path / "slos").mkdir()
    (tmp_path / "slos" / "checkout.yaml").write_text(SLO_YAML)
    return tmp_path


def run(workspace: Path, *arguments: str) -> click.testing.Result:
    command = ["slo", *arguments, "--workspace", str(workspace)]
    return click.testing.CliRunner().invoke(assay, command, standalone_mode=False)


def test_the_command_checks_and_lists(workspace: Path) -> None:
    good = run(workspace, "check")
    assert good.return_value == 0
    assert "answers: checkout, 0.999 by occurrences, rolling 30d, slices of 60 s" in good.output
    (workspace / "slos" / "wrong.yaml").write_text(
        SLO_YAML.replace("0.999", "1.5").replace("answers", "wrong")
    )
    bad = run(workspace, "check", "--json")
    assert bad.return_value == 1
    (problem,) = json.loads(bad.output)["problems"]
    assert (problem["file"], problem["line"]) == ("slos/wrong.yaml", 15)


def test_the_command_writes_rules_that_promtool_accepts(workspace: Path, tmp_path: Path) -> None:
    written = tmp_path / "rules.yml"
    assert run(workspace, "rules", "--slo", "answers", "--output", str(written)).return_value == 0
    assert written.read_text() == run(workspace, "rules").output
    checked(yaml.safe_load(written.read_text()), tmp_path)
    assert "There is no SLO nothing" in str(run(workspace, "rules", "--slo", "nothing").exception)


def told_counters(seed: int, minutes: int) -> dict[str, list[int | None]]:
    """Two counters over some days: busy and quiet hours, failures, restarts, and scrapes that are missing."""
    chance = random.Random(seed)
    values: dict[str, list[int | None]] = {"total": [], "bad": []}
    total = bad = 0
    for minute in range(minutes + 1):
        if chance.random() < 0.0005:
            total = bad = 0
        requests = chance.randrange(50, 150) if minute // 60 % 24 in range(7, 20) else chance.randrange(5, 20)
        share = 0.3 if minute % 1_440 in range(600, 640) else 0.004
        total += requests
        bad += sum(chance.random() < share for _ in range(requests))
        is_missing = chance.random() < 0.002
        values["total"].append(None if is_missing else total)
        values["bad"].append(None if is_missing else bad)
    return values


def metrics_of(values: dict[str, list[int | None]]) -> list[str]:
    """The counters in the OpenMetrics format."""
    begin, lines = int(START.timestamp()), []
    for role, name in METRICS.items():
        lines.append(f"# TYPE {name.removesuffix('_total')} counter")
        lines += [
            f'{name}{{job="shop"}} {value} {begin + MINUTE * minute}'
            for minute, value in enumerate(values[role])
            if value is not None
        ]
    return [*lines, "# EOF"]


def backfilled(base_url: str, objectives: Sequence[ObjectiveDefinition], folder: Path, days: int) -> None:
    """Evaluate the rules of slices over the past, as a server would have done."""
    groups = rule_document(objectives)["groups"]
    slices = [group for group in groups if group["rules"][0].get("record") == SLICE_ERROR]
    file = folder / "slices.yml"
    file.write_text(yaml.safe_dump({"groups": slices}))
    begin = int(START.timestamp())
    command = [program("promtool"), "tsdb", "create-blocks-from", "rules", f"--url={base_url}"]
    command += [f"--start={begin + FIVE_MINUTES}", f"--end={begin + days * DAY}"]
    command += [f"--eval-interval={FIVE_MINUTES}s", f"--output-dir={folder / 'blocks'}", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_a_real_prometheus_agrees_with_the_warehouse_within_the_stated_tolerance(tmp_path: Path) -> None:
    days = 3
    objectives = [replace(counted(), window=Window(Duration(1, "d"))), *OBJECTIVES[1:3]]
    values = told_counters(11, days * 1_440)
    blocks = blocks_of(metrics_of(values), tmp_path)
    with prometheus(tmp_path, data=blocks) as base_url:
        backfilled(base_url, objectives, tmp_path, days)
    story = SloStory(objectives)
    for role in METRICS:
        story.series(role, values[role], labels={"job": "shop"})
    told = story.build()
    differences = set()
    with prometheus(tmp_path, data=blocks) as base_url:
        for one in objectives:
            for day in (2, 3):
                at = int(START.timestamp()) + day * DAY
                answer = asked(f"{base_url}/api/v1/query", query=error_expression(one, DAY), time=at)
                (row,) = answer["data"]["result"]
                ours = window(told, "rolling", f"03-{2 + day:02} 00:00", one.objective_id)
                assert not ours["is_partial"]
                difference = abs(Decimal(row["value"][1]) - (1 - ours["attainment_ratio"]))
                assert difference <= TOLERANCES[one.method], (one.method, day, difference)
                assert ours["spent_units"] > 0
                differences.add(difference)
    assert any(differences), "increase() extrapolates: without any difference nothing was compared"
