"""Exactly some days again: through Dagster's partitions, and what the command plans before that."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from orchestration.assets.automation import JOB
from orchestration.assets.streams import stream_assets
from orchestration.backfill import FIRST_DAY, Backfill, estimate_backfill, plan_backfill
from orchestration.command import main
from orchestration.definitions import workspace_definitions
from orchestration.errors import UsageError
from orchestration.session import open_session
from orchestration.settings import Settings
from orchestration.workspace import Workspace
from tests.connectors.github.small_github import SmallGitHub
from tests.orchestration.fetching import fetch
from tests.replay.loopback import Response

MakeWorkspace = Callable[..., Workspace]
SETTINGS = """
organisation: acme
sources:
  - name: ci
    kind: github
    base_url: "%s"
    repositories: [acme/shop, acme/search]
    token_env: null
    since: 2026-01-01
    streams: [workflow_jobs, tags]
  - {name: git, kind: git, repositories: [{name: acme/shop, path: shop}]}
"""
TWO = Settings.model_validate(
    {
        "organisation": "acme",
        "sources": [
            {"name": "ci", "kind": "github", "organisation": "acme", "since": date(2026, 1, 1)},
            {"name": "old.ci", "kind": "github", "organisation": "old", "streams": ["tags"]},
        ],
    }
)
TODAY = date(2026, 7, 2)


def workflow_run(number: int, day: datetime, **changes: Any) -> dict[str, Any]:
    at = f"{day:%Y-%m-%dT%H:%M:%SZ}"
    run = {"id": number, "run_attempt": 1, "status": "completed", "created_at": at, "updated_at": at}
    return run | changes


def put_runs(github: SmallGitHub, *changed: int) -> None:
    """A run each day of the first hundred days; some have another version."""
    begin = datetime(2026, 1, 1, 12, tzinfo=UTC)
    runs = [
        workflow_run(number, begin + timedelta(days=number), run_attempt=2 if number in changed else 1)
        for number in range(100)
    ]
    github.put("actions/runs", *reversed(runs), repository="acme/shop")
    github.put("actions/runs", repository="acme/search")
    for repository in ("acme/shop", "acme/search"):
        github.put("tags", repository=repository)


@pytest.fixture
def github() -> Iterator[SmallGitHub]:
    small = SmallGitHub()
    put_runs(small)
    with small.server:
        yield small


@pytest.fixture
def workspace(make_workspace: MakeWorkspace, github: SmallGitHub) -> Workspace:
    return make_workspace(SETTINGS % github.server.base_url)


def only(*streams: str) -> list[dg.AssetKey]:
    return [dg.AssetKey(["ci", stream]) for stream in streams]


def cursors(workspace: Workspace) -> dict[str, Any]:
    with open_session(workspace, command="a test", environment={}, needs_sources=False) as session:
        scopes = ("acme/shop", "acme/search")
        return {scope: session.store.cursor("ci", "workflow_runs", scope) for scope in scopes}


def searches(github: SmallGitHub) -> list[str]:
    asked = [request for request in github.server.requests if request.path.endswith("acme/shop/actions/runs")]
    github.server.requests.clear()
    return [request.query["created"] for request in asked if "created" in request.query]


def days(first: str, last: str) -> dict[str, str]:
    return {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}


def test_a_partition_key_fetches_that_day_again_and_leaves_the_cursor(
    workspace: Workspace, github: SmallGitHub
) -> None:
    streams = only("workflow_runs")
    first, _ = fetch(workspace, selection=streams)
    assert [(report.stream, report.records) for report in first.reports] == [("workflow_runs", 100)]
    before = cursors(workspace)
    assert before["acme/shop"]["complete_until"]
    searches(github)
    put_runs(github, 40)
    again, result = fetch(workspace, selection=streams, partition_key="2026-02-10")
    assert result.success
    assert searches(github) == ["2026-02-10T00:00:00Z..2026-02-10T23:59:59Z"]
    assert [report.records for report in again.reports] == [1]
    assert cursors(workspace) == before
    partitions = [event.partition for event in result.get_asset_materialization_events()]
    assert partitions == ["2026-02-10"]


def test_a_range_of_partitions_is_one_run_and_one_window(workspace: Workspace, github: SmallGitHub) -> None:
    record, result = fetch(workspace, selection=only("workflow_runs"), tags=days("2026-01-11", "2026-03-31"))
    assert result.success
    assert [report.records for report in record.reports] == [80]
    assert searches(github) == ["2026-01-11T00:00:00Z..2026-03-31T23:59:59Z"]
    assert len(result.get_asset_materialization_events()) == 80
    assert not any(cursors(workspace).values())


def test_without_partition_a_stream_goes_on_from_its_cursor(
    workspace: Workspace, github: SmallGitHub
) -> None:
    fetch(workspace, selection=only("workflow_runs"))
    searches(github)
    fetch(workspace, selection=only("workflow_runs"))
    (asked,) = searches(github)
    assert asked > "2026-04", "the last days only"


def test_what_is_fetched_for_changed_records_follows_from_its_own_cursor(
    workspace: Workspace, github: SmallGitHub
) -> None:
    fetch(workspace)
    put_runs(github, 40, 41, 80)
    github.asked()
    record, _ = fetch(
        workspace, selection=only("workflow_runs", "workflow_jobs"), tags=days("2026-02-10", "2026-02-11")
    )
    assert sorted(target for target in github.asked() if "jobs" in target) == [
        "/repos/acme/shop/actions/runs/40/jobs?filter=all&per_page=100",
        "/repos/acme/shop/actions/runs/41/jobs?filter=all&per_page=100",
    ]
    assert {report.stream for report in record.reports} == {"workflow_runs", "workflow_jobs"}


def test_the_whole_job_takes_a_range_of_partitions(
    workspace: Workspace, github: SmallGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the UI starts it: one run over the range, in a workspace that the run itself opens."""
    monkeypatch.setenv("ASSAY_GITHUB_TOKEN", "t")
    job = workspace_definitions(workspace).resolve_job_def(JOB)
    assert isinstance(job.partitions_def, dg.DailyPartitionsDefinition)
    assert job.partitions_def.get_first_partition_key() == "2026-01-01"
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(
            instance=instance,
            asset_selection=only("workflow_runs", "workflow_jobs"),
            tags=days("2026-02-01", "2026-02-28"),
        )
        held = instance.get_materialized_partitions(dg.AssetKey(["ci", "workflow_runs"]))
    assert result.success
    assert len(held) == 28
    assert searches(github) == ["2026-02-01T00:00:00Z..2026-02-28T23:59:59Z"]


def test_streams_that_serve_windows_share_one_definition_of_days(workspace: Workspace) -> None:
    specs = {
        spec.key.to_user_string(): spec for spec in workspace_definitions(workspace).resolve_all_asset_specs()
    }
    assert specs["ci/workflow_runs"].partitions_def is not None
    (windowed,) = [
        each for each in stream_assets(workspace.settings()) if each.key == only("workflow_runs")[0]
    ]
    assert windowed.backfill_policy == dg.BackfillPolicy.single_run(), "a quarter is one run"
    assert specs["ci/tags"].partitions_def is None
    assert specs["git/commits"].partitions_def is None


def test_the_nightly_schedule_asks_for_no_partition(workspace: Workspace) -> None:
    definitions = workspace_definitions(workspace)
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(
            instance=instance, repository_def=definitions.get_repository_def()
        )
        (request,) = definitions.resolve_schedule_def("nightly").evaluate_tick(context).run_requests or ()
    assert request.partition_key is None
    assert not any("partition" in tag for tag in request.tags)


def test_a_failed_source_is_repaired_by_a_backfill_of_what_it_missed(
    workspace: Workspace, github: SmallGitHub
) -> None:
    """At three in the morning: the night failed; in the morning its days are fetched again."""
    streams = only("workflow_runs")
    answer, github.server.handler = github.server.handler, lambda _: Response(b"{}", 401)
    record, result = fetch(workspace, selection=streams)
    assert not result.success
    assert [(failure.source, failure.stream) for failure in record.failures] == [("ci", "workflow_runs")]
    github.server.handler = answer
    record, result = fetch(workspace, selection=streams, tags=days("2026-01-01", "2026-04-30"))
    assert result.success
    assert [report.records for report in record.reports] == [100]


def planned(target: str = "ci", first: str = "2026-02-01", until: str = "2026-03-01") -> Backfill:
    return plan_backfill(
        TWO, target, first=date.fromisoformat(first), until=date.fromisoformat(until), today=TODAY
    )


def test_a_backfill_of_a_source_takes_its_windowed_streams_and_those_below() -> None:
    found = planned("ci")
    assert (found.source, found.streams, found.followers) == ("ci", ("workflow_runs",), ("workflow_jobs",))
    assert found.range_tags() == days("2026-02-01", "2026-02-28")
    assert planned("ci.workflow_runs") == found


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ci.pull_requests",), "Of ci these can: workflow_runs"),
        (("old.ci",), "those that can are ci.workflow_runs"),
        (("old.ci.tags",), "those that can are ci.workflow_runs"),
        (("cii",), "Did you mean ci?"),
        (("ci.workflow_run",), "Did you mean workflow_runs?"),
        (("ci", "2026-03-01", "2026-03-01"), "the end is exclusive"),
        (("ci", "2026-06-01", "2026-07-03"), "only days that are over"),
        (("ci", "2014-12-31", "2026-07-01"), "Move `since`"),
    ],
)
def test_a_backfill_that_makes_no_sense_is_refused_with_what_would(
    arguments: tuple[str, ...], message: str
) -> None:
    with pytest.raises(UsageError) as raised:
        planned(*arguments)
    assert message in str(raised.value)


def test_days_before_the_first_of_a_kind_blame_the_kind_and_not_the_settings() -> None:
    """Moving `since` back does not help where the kind itself begins later."""
    open_ended = {"name": "gl", "kind": "gitlab", "groups": ["acme"]}
    early = {**open_ended, "name": "early", "since": date(2001, 1, 1)}
    settings = Settings.model_validate({"organisation": "acme", "sources": [open_ended, early]})
    for name in ("gl", "early"):
        with pytest.raises(UsageError) as raised:
            plan_backfill(settings, name, first=date(2001, 2, 1), until=date(2016, 1, 1), today=TODAY)
        assert "lies before 2015-01-01, the first day that is read from GitLab" in str(raised.value)
        assert "since" not in str(raised.value)
    (found,) = {plan_backfill(settings, "gl", first=FIRST_DAY, until=TODAY, today=TODAY).first}
    assert found == FIRST_DAY


def test_days_before_the_first_of_a_source_are_refused_though_another_source_has_them() -> None:
    old = {"name": "gl", "kind": "gitlab", "groups": ["acme"], "since": date(2018, 1, 1)}
    young = {**old, "name": "young", "since": date(2026, 1, 1)}
    settings = Settings.model_validate({"organisation": "acme", "sources": [old, young]})
    with pytest.raises(UsageError, match="Move `since` of young back"):
        plan_backfill(settings, "young", first=date(2025, 1, 1), until=date(2026, 2, 1), today=TODAY)


def test_the_cost_is_derived_from_what_the_same_days_took_before(
    workspace: Workspace, github: SmallGitHub
) -> None:
    fetch(workspace, selection=only("workflow_runs"))
    github.asked()
    settings = workspace.settings()
    quarter = plan_backfill(
        settings, "ci", first=date(2026, 1, 1), until=date(2026, 4, 1), today=date(2026, 11, 1)
    )
    with open_session(workspace, command="a test", environment={}, needs_sources=False) as session:
        (found,) = estimate_backfill(settings, quarter, session.store.windows())
    assert (found.stream, found.scopes, found.known_pages, found.requests) == ("workflow_runs", 2, 2, 2)
    assert github.asked() == []


def test_a_dry_run_says_what_would_be_fetched_and_fetches_nothing(
    workspace: Workspace, github: SmallGitHub, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["backfill", "ci", "--from", "2026-01-01", "--until", "2026-04-01", "--workspace"]
    assert main([*asked, str(workspace.root), "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert "90 days" in shown
    assert "workflow_runs: at least 1 requests" in shown
    assert "workflow_jobs" in shown
    assert github.asked() == []
    assert main(["backfill", "git.tags", *asked[2:], str(workspace.root)]) == 2
    assert "those that can are ci.workflow_runs" in capsys.readouterr().err
