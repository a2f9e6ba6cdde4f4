from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from connectors.committer import BatchLimits
from connectors.github.ranges import Range
from tests.connectors.github.small_github import REPOSITORY, SmallGitHub
from tests.connectors.workspace import FakeTime, landed_records, open_store, windows
from tests.replay.loopback import Response

START = datetime(2026, 1, 1, tzinfo=UTC)


def text(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def workflow_run(number: int, created: datetime, **changes: Any) -> dict[str, Any]:
    run = {
        "id": number,
        "run_attempt": 1,
        "status": "completed",
        "created_at": text(created),
        "updated_at": text(created),
    }
    return run | changes


def put_runs(github: SmallGitHub, runs: list[dict[str, Any]]) -> None:
    github.put("actions/runs", *sorted(runs, key=lambda run: str(run["created_at"]), reverse=True))


def ids(records: list[Any]) -> list[int]:
    return [record["id"] for record in records]


def test_a_range_splits_at_whole_days_without_gap_or_overlap() -> None:
    whole = Range(START, START + timedelta(days=365) - timedelta(seconds=1))
    parts = whole.split(9000)
    assert (parts[0].first, parts[-1].last) == (whole.first, whole.last)
    for before, after in pairwise(parts):
        assert after.first - before.last == timedelta(seconds=1)
        assert after.first.hour == 0
    assert len(parts) == 12


@pytest.mark.parametrize("seconds", [2, 3, 59, 86_400, 86_401, 172_800])
def test_splitting_always_makes_progress(seconds: int) -> None:
    whole = Range(START, START + timedelta(seconds=seconds - 1))
    parts = whole.split(1001)
    assert len(parts) >= 2
    assert sum(part.seconds for part in parts) == seconds


def test_searches_that_hold_too_much_are_split_until_they_fit(tmp_path: Path) -> None:
    github = SmallGitHub()
    runs = [workflow_run(number, START + timedelta(hours=number * 2)) for number in range(3500)]
    put_runs(github, runs)
    with github.server, open_store(tmp_path) as store:
        report = github.extract(store, "workflow_runs", since=START.date())
        landed = landed_records(store, "workflow_runs", envelope="workflow_runs")
        assert sorted(ids(landed)) == list(range(3500))
        closed = windows(store, "workflow_runs")
        assert all(window["claimed_total"] == window["record_count"] <= 1000 for window in closed)
        assert [window["requested_from"] for window in closed] == sorted(w["requested_from"] for w in closed)
        assert report.requests <= 45
        assert report.failures == ()


def test_a_second_that_holds_too_much_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    github = SmallGitHub()
    put_runs(github, [workflow_run(number, START) for number in range(1200)])
    with github.server, open_store(tmp_path) as store:
        github.extract(store, "workflow_runs", since=START.date(), until=date(2026, 1, 3))
        (short,) = [window for window in windows(store, "workflow_runs") if window["record_count"]]
        assert (short["claimed_total"], short["record_count"]) == (1200, 1000)


def test_the_last_days_are_read_again_and_unchanged_ones_have_no_body(tmp_path: Path) -> None:
    github = SmallGitHub()
    time = FakeTime()
    put_runs(github, [workflow_run(number, time.now - timedelta(days=number)) for number in range(20)])
    with github.server, open_store(tmp_path) as store:
        github.extract(store, "workflow_runs", time=time, since=START.date())
        second = github.extract(store, "workflow_runs", time=time, since=START.date())
        assert (second.requests, second.records) == (1, 4)
        third = github.extract(store, "workflow_runs", time=time, since=START.date())
        assert (third.requests, third.not_modified, third.bytes) == (1, 1, 0)
        assert windows(store, "workflow_runs")[-1]["claimed_total"] == 4


@pytest.mark.parametrize("pause", [timedelta(hours=6), timedelta(days=3), timedelta(days=30)])
def test_runs_of_the_rest_of_a_day_are_read_after_any_pause(tmp_path: Path, pause: timedelta) -> None:
    """A day counted as read to its end: what was created after its reading was lost by a pause of days."""
    github = SmallGitHub()
    time = FakeTime()
    put_runs(github, [workflow_run(1, time.now - timedelta(hours=1))])
    with github.server, open_store(tmp_path) as store:
        github.extract(store, "workflow_runs", time=time, since=START.date())
        later = [workflow_run(2, time.now + timedelta(minutes=5)), workflow_run(3, time.now + pause)]
        repeated = workflow_run(1, time.now - timedelta(hours=1), run_attempt=2)
        put_runs(github, [repeated, *later])
        time.now += pause + timedelta(minutes=10)
        github.extract(store, "workflow_runs", time=time, since=START.date())
        landed = landed_records(store, "workflow_runs", envelope="workflow_runs")
        assert sorted(set(ids(landed))) == [1, 2, 3]
        assert [run["run_attempt"] for run in landed if run["id"] == 1] == [1, 2]


def test_old_runs_that_were_not_finished_are_asked_for_until_they_are(tmp_path: Path) -> None:
    github = SmallGitHub()
    time = FakeTime()
    stuck = workflow_run(1, time.now - timedelta(days=10), status="in_progress")
    put_runs(github, [stuck, workflow_run(2, time.now - timedelta(days=20))])
    with github.server, open_store(tmp_path) as store:
        github.extract(store, "workflow_runs", time=time, since=START.date())
        put_runs(github, [stuck | {"status": "completed", "updated_at": text(time.now)}])
        report = github.extract(store, "workflow_runs", time=time, since=START.date())
        assert report.requests == 2
        assert landed_records(store, "workflow_runs", envelope="workflow_runs")[2]["status"] == "completed"
        assert github.extract(store, "workflow_runs", time=time, since=START.date()).requests == 1


def test_a_repetition_of_a_run_is_a_new_version_of_it(tmp_path: Path) -> None:
    github = SmallGitHub()
    time = FakeTime()
    run = workflow_run(5, time.now - timedelta(days=1))
    put_runs(github, [run])
    with github.server, open_store(tmp_path) as store:
        github.extract(store, "workflow_runs", time=time, since=START.date())
        assert github.extract(store, "workflow_jobs", time=time).windows_closed == 1
        assert github.asked()[-1] == f"/repos/{REPOSITORY}/actions/runs/5/jobs?filter=all&per_page=100"
        put_runs(github, [run | {"run_attempt": 2}])
        github.extract(store, "workflow_runs", time=time, since=START.date())
        assert github.extract(store, "workflow_jobs", time=time).requests == 1


def test_a_backfill_that_breaks_goes_on_with_the_range_that_was_open(tmp_path: Path) -> None:
    github = SmallGitHub()
    runs = [workflow_run(number, START + timedelta(hours=number * 2)) for number in range(3500)]
    put_runs(github, runs)
    with github.server, open_store(tmp_path) as store:
        ranges: set[str] = set()

        def fail_in_the_second_window(request: Any) -> Response | None:
            is_fifth_page = request.query.get("page") == "5"
            if is_fifth_page:
                ranges.add(request.query["created"])
            return Response(b"{}", 404) if is_fifth_page and len(ranges) > 1 else None

        github.fault = fail_in_the_second_window

        limits = BatchLimits(windows=1)
        first = github.extract(store, "workflow_runs", since=START.date(), limits=limits)
        assert len(first.failures) == 1
        done = len(windows(store, "workflow_runs"))
        assert done >= 1
        github.asked()
        github.fault = lambda _: None
        github.extract(store, "workflow_runs", since=START.date())
        assert "page=5" in github.asked()[0]
        records = landed_records(store, "workflow_runs", envelope="workflow_runs")
        assert sorted(ids(records)) == list(range(3500))


def test_until_ends_the_history(tmp_path: Path) -> None:
    github = SmallGitHub()
    put_runs(github, [workflow_run(number, START + timedelta(days=number)) for number in range(60)])
    with github.server, open_store(tmp_path) as store:
        bounds: dict[str, Any] = {"since": date(2026, 1, 10), "until": date(2026, 2, 1)}
        github.extract(store, "workflow_runs", **bounds)
        landed = landed_records(store, "workflow_runs", envelope="workflow_runs")
        assert sorted(ids(landed)) == list(range(9, 31))
        assert github.extract(store, "workflow_runs", **bounds).requests == 0
