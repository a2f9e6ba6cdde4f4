"""The truth: conserved, and said by the data as well."""

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from connectors.sandbox import Organisation
from connectors.sandbox.measures import DELIVERY, EXACT_METRICS, interpolated
from connectors.sandbox.office_hours import office_seconds
from connectors.sandbox.tallies import lead_time_parts
from connectors.sandbox.truth import Truth
from tests.connectors.sandbox.reading import Reading, lead_times, recoveries

ROOT = Path(__file__).parents[3]


def assert_data_say_the_same(truth: Truth, reading: Reading) -> None:
    """Every deployment, change and failure of the truth is found in the data, and nothing else."""
    true = {row.deployment_id: row for row in truth.deployments if row.outcome == "success"}
    found = {row.identifier: row for rows in reading.deployments.values() for row in rows}
    assert set(true) == set(found)
    for identifier, row in true.items():
        seen = found[identifier]
        assert seen.finished_at is not None
        assert (row.started_at, row.finished_at) == (
            seen.started_at.timestamp(),
            seen.finished_at.timestamp(),
        )
        assert sorted(row.changes) == sorted(sha for sha, _ in seen.changes), identifier
        assert (row.is_rollback, row.is_hotfix, row.is_unplanned) == (
            seen.is_rollback, seen.is_hotfix, seen.is_unplanned,
        ), identifier  # fmt: skip
        assert set(row.references) == seen.failures, identifier
    assert lead_times(reading) == {
        (row.service, row.commit_sha): row.lead_time_seconds
        for row in truth.changes
        if row.lead_time_seconds is not None
    }
    assert {
        identifier: (begin.timestamp(), end.timestamp() if end else None)
        for identifier, (begin, end) in recoveries(reading).items()
    } == {
        row.deployment_id: (row.explicit_detected_at, row.explicit_restored_at)
        for row in truth.failures
        if row.references
    }


def test_the_data_say_what_the_truth_says(small: Organisation, small_reading: Reading) -> None:
    assert_data_say_the_same(small.truth(), small_reading)


def test_a_truth_that_the_data_do_not_say_is_noticed(small: Organisation, small_reading: Reading) -> None:
    truth = small.truth()
    first, *others = truth.deployments
    for wrong in (
        replace(truth, deployments=tuple(others)),
        replace(truth, deployments=(replace(first, is_hotfix=True), *others)),
        replace(truth, changes=truth.changes[: len(truth.changes) // 2]),
        replace(truth, failures=truth.failures[1:]),
    ):
        with pytest.raises(AssertionError):
            assert_data_say_the_same(wrong, small_reading)


def test_the_data_say_so_at_any_instant(small: Organisation) -> None:
    settings = small.settings_document(base_url="http://x", git_folder="git")
    for hours in (700, 1234, 2000):
        then = small.as_of(small.starts_at + timedelta(hours=hours, minutes=17))
        assert_data_say_the_same(then.truth(), Reading(then, settings))


@pytest.mark.slow
@pytest.mark.parametrize("hours", [0, 4001])
def test_the_data_of_the_whole_organisation_say_so(whole: Organisation, hours: int) -> None:
    then = whole.as_of(whole.ends_at - timedelta(hours=hours))
    settings = whole.settings_document(base_url="http://x", git_folder="git")
    assert_data_say_the_same(then.truth(), Reading(then, settings))


def test_a_change_reaches_users_of_a_service_once(whole: Organisation) -> None:
    truth = whole.truth()
    carried = Counter((row.service, sha) for row in truth.deployments for sha in row.changes)
    assert max(carried.values()) == 1
    with_baseline = [
        row for row in truth.changes if row.state != "waiting" and row.exclusion_reason != "no_baseline"
    ]
    assert set(carried) == {(row.service, row.commit_sha) for row in with_baseline}


def test_every_change_is_deployed_waiting_or_excluded_with_a_reason(whole: Organisation) -> None:
    states = Counter((row.state, row.exclusion_reason) for row in whole.truth().changes)
    assert {state for state, reason in states if (reason is not None) == (state == "excluded")} == {
        "deployed", "waiting", "excluded",
    }  # fmt: skip
    assert {reason for _, reason in states} == {None, "no_baseline", "negative_duration"}


def test_failures_are_deployments_that_reached_users(whole: Organisation) -> None:
    truth = whole.truth()
    reached = {row.deployment_id for row in truth.deployments if row.outcome == "success"}
    failed = {row.deployment_id for row in truth.failures}
    assert failed == {row.deployment_id for row in truth.deployments if row.is_change_failure}
    assert failed < reached
    assert len(failed) == len(truth.failures)


def test_the_named_share_of_failures_leaves_no_reference(whole: Organisation) -> None:
    failures = whole.truth().failures
    untraced = sum(not row.references for row in failures)
    assert untraced / len(failures) == pytest.approx(0.15, abs=0.04)


def test_every_kind_of_reference_and_of_deployment_happens(whole: Organisation) -> None:
    truth = whole.truth()
    kinds = {kind for row in truth.deployments for kind in row.references}
    assert kinds == {"incident", "rollback", "hotfix"}
    assert {row.deployment_id.split(":")[2] for row in truth.deployments} == {
        "deployment",
        "run",
        "release",
        "tag",
    }
    assert {row.outcome for row in truth.deployments} == {"success", "failed_rollout"}
    assert any(row.is_without_change for row in truth.deployments)
    assert any(row.is_unplanned and not row.is_hotfix and not row.is_rollback for row in truth.deployments)
    assert any(len(row.part_ids) > 2 for row in truth.deployments)
    assert any(not row.caused_by for row in truth.incidents)
    assert any(row.severity == 4 for row in truth.incidents)
    assert any(row.explicit_restored_at is None for row in truth.failures if row.references)


def test_ownership_changes_and_every_owner_is_known(whole: Organisation) -> None:
    teams = {row.team for row in whole.truth().deployments if row.service == "invoicing"}
    assert teams == {"payments", "fulfilment"}


def test_truth_only_grows(small: Organisation) -> None:
    before = small.as_of(small.starts_at + timedelta(days=60)).truth()
    after = small.truth()
    assert {row.deployment_id for row in before.deployments} < {
        row.deployment_id for row in after.deployments
    }
    assert {(row.service, row.commit_sha) for row in before.changes} < {
        (row.service, row.commit_sha) for row in after.changes
    }


def test_values_follow_from_the_facts(whole: Organisation) -> None:
    truth = whole.truth()
    values = {
        (row.metric, row.scope_kind, row.scope_id, row.period_grain, row.period_start): row
        for row in truth.metric_values()
    }
    quarter = date(2025, 10, 1)
    low, high = (
        int(datetime(year, month, 1, tzinfo=UTC).timestamp()) for year, month in ((2025, 10), (2026, 1))
    )
    rows = [row for row in truth.deployments if row.outcome == "success" and low <= row.finished_at < high]
    frequency = values["deployment_frequency", "organisation", "acme", "quarter", quarter]
    fail_rate = values["change_fail_rate_explicit", "organisation", "acme", "quarter", quarter]
    assert frequency.value == len(rows)
    assert (fail_rate.numerator, fail_rate.denominator) == (
        sum(bool(row.references) for row in rows),
        len(rows),
    )
    lead = sorted(
        row.lead_time_seconds
        for row in truth.changes
        if row.service == "checkout"
        and row.lead_time_seconds
        and row.deployed_at
        and low <= row.deployed_at < high
    )
    value = values["change_lead_time", "service", "checkout", "quarter", quarter]
    middle = (lead[(len(lead) - 1) // 2] + lead[len(lead) // 2]) / 2
    assert value.value == Decimal(str(middle))
    assert value.n == len(lead)


def test_a_team_rolls_up_what_it_owned_then(whole: Organisation) -> None:
    values = [row for row in whole.truth().metric_values() if row.metric == "deployment_frequency"]
    months = {
        (row.scope_kind, row.scope_id, row.period_start): row.n
        for row in values
        if row.period_grain == "month"
    }
    for start in {key[2] for key in months}:
        services = sum(n for (kind, _, month), n in months.items() if kind == "service" and month == start)
        parents = sum(months.get(("team", team, start), 0) for team in ("commerce", "infrastructure"))
        assert months["organisation", "acme", start] == services == parents


def test_a_period_without_deployment_is_a_zero_and_otherwise_empty(whole: Organisation) -> None:
    values = [
        row
        for row in whole.truth().metric_values()
        if row.scope_id == "image-proxy" and row.period_grain == "week"
    ]
    quiet = {row.period_start for row in values if row.metric == "deployment_frequency" and row.n == 0}
    assert quiet
    for row in values:
        if row.period_start in quiet and row.metric in DELIVERY:
            assert row.value == (0 if row.unit in ("deployments", "days", "changes") else None)


def test_quantiles_lie_on_the_line_between_their_neighbours() -> None:
    assert interpolated([10], Fraction(9, 10)) == 10
    assert interpolated([10, 20], Fraction(1, 2)) == 15
    assert interpolated([0, 10, 20, 40], Fraction(3, 4)) == 25


def test_the_page_says_of_every_metric_how_it_stands_to_the_truth() -> None:
    text = (ROOT / "docs" / "simulated-truth.md").read_text(encoding="utf-8")
    exactly, _, rest = text.partition("## By rule")
    assert set(re.findall(r"`(\w+)`", exactly)) - {"mart_metric_values"} == set(EXACT_METRICS)
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    metrics = set(re.findall(r"^\| \[`(\w+)`\]", page, re.MULTILINE))
    assert metrics - set(EXACT_METRICS) <= set(re.findall(r"`(\w+)`", rest))


def test_working_time_leaves_out_nights_and_weekends() -> None:
    friday = int(datetime(2026, 5, 8, 16, 0, tzinfo=UTC).timestamp())
    assert office_seconds(friday, friday + 60) == 60
    assert office_seconds(friday, friday + 15 * 3600) == 3600
    assert office_seconds(friday, friday + 3 * 86400) == 3600 + 7 * 3600
    assert office_seconds(friday + 86400, friday + 2 * 86400) == 0


def test_the_parts_of_a_lead_time_add_up_to_the_whole(small: Organisation) -> None:
    truth = small.truth()
    proposed = {(row.repository, row.number): row for row in truth.pull_requests}
    seen = Counter[str]()
    for row in truth.changes:
        request = proposed.get((row.repository, row.pull_request)) if row.pull_request else None
        parts = lead_time_parts(row, request)
        assert sum(parts.values()) == (row.lead_time_seconds or 0)
        assert all(seconds >= 0 for name, seconds in parts.items() if name != "unattributed")
        seen.update(parts)
    assert min(seen[name] for name in ("coding", "pickup", "review", "merge to deploy", "unattributed")) > 10


def test_reviews_are_by_other_people_and_not_after_the_merge(small: Organisation) -> None:
    rows = [row for row in small.truth().pull_requests if row.merged_at is not None]
    reviewed = [row for row in rows if row.first_review_at is not None]
    assert 0 < len(reviewed) < len(rows)
    for row in reviewed:
        assert row.opened_at <= (row.first_review_at or 0) <= (row.merged_at or 0)
    assert {row.review_rounds for row in reviewed} >= {1, 2}
    assert {row.review_rounds for row in rows if row.first_review_at is None} == {0}


def test_work_items_are_told_by_each_tool_that_is_read(small: Organisation) -> None:
    alone, both = small.truth(), small.truth(kinds=("github", "jira"))
    assert {row.tool for row in alone.work_items} == {"github"}
    hosted = [row for row in both.work_items if row.tool == "github"]
    assert len(hosted) == len(alone.work_items) > 10
    assert all(row.started_at is None for row in hosted), "nobody says there that work goes on"
    tracked = [row for row in both.work_items if row.tool == "jira"]
    assert any(row.cycle_seconds for row in tracked)
    for row in tracked:
        assert row.active_seconds + row.waiting_seconds <= (row.cycle_seconds or 0)


def test_an_alarm_that_was_merged_into_another_is_no_incident_of_its_own(small: Organisation) -> None:
    paged = small.truth(kinds=("github", "pagerduty"))
    alarms = [row for incident in paged.incidents for row in incident.services]
    assert len(alarms) <= len(paged.responses)
    assert all((row.acknowledged_at or row.detected_at) >= row.detected_at for row in paged.responses)
    by_issue = {row.incident for row in small.truth().responses}
    assert by_issue == {row.incident for row in small.truth().incidents}
    assert small.truth(kinds=("github", "datadog")).responses == ()
