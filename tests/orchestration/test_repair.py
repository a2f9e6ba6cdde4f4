"""A fault at the source turns a check red, and the command of its message mends it: that window alone."""

import os
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import msgspec
import pyarrow as pa
import pytest

from connectors.streams import Place, TimeWindow
from orchestration.assets.streams import stream_assets, stream_key
from orchestration.assets.workspace import OpenWorkspace, workspace_resource
from orchestration.command import main
from orchestration.commands.repair import repair
from orchestration.demonstration import simulated_people
from orchestration.errors import UsageError
from orchestration.flow.pinning import pin_evidence
from orchestration.flow.settings_rows import settings_rows
from orchestration.repair.outcome import outcome_of
from orchestration.repair.repairing import (
    RepairPlan,
    RepairStep,
    plan_of_checks,
    plan_of_steps,
    red_checks,
    requests_of,
)
from orchestration.repair.targets import step_for
from orchestration.run_record import RunRecord
from orchestration.scaffold import scaffold
from orchestration.session import open_session
from orchestration.steps.raw_schema import build_raw_schema
from orchestration.stream_contracts import contracts_of
from orchestration.workspace import Workspace
from quality_checks import ExpectedPlace, run_reconciliation
from quality_checks.repairs import Repair, refetch
from quality_checks.results import CheckResult
from tests.connectors.github.small_github import SmallGitHub
from tests.orchestration.test_backfill import put_runs
from tests.replay.loopback import Request, Response

SETTINGS = """
organisation: acme
sources:
  - name: ci
    kind: github
    base_url: "%s"
    repositories: [acme/shop, acme/search]
    token_env: null
    since: 2026-01-01
    streams: [workflow_jobs, tags, reviews, releases]
"""
NOW = datetime(2026, 7, 2, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Shop:
    """A served GitHub of two repositories, and a workspace that reads it."""

    github: SmallGitHub
    workspace: Workspace

    def fetch(self, plan: RepairPlan | None = None) -> RunRecord:
        """Read every stream, or what a repair names, by the assets that a run uses."""
        with open_session(self.workspace, command="a test", environment={}) as session:
            session.repair = plan
            wanted = None if plan is None else [stream_key(*each) for each in sorted(plan.streams)]
            result = dg.materialize(
                stream_assets(self.workspace.settings(), first_wait_seconds=0.0),
                resources={"workspace": workspace_resource(self.workspace, OpenWorkspace(session))},
                selection=wanted,
                raise_on_error=False,
            )
            assert result.success == (not session.record.failures)
            return session.record

    def check(self, *expected: ExpectedPlace) -> list[CheckResult]:
        """Compare what the source claimed, the evidence and the second parser."""
        with self.opened() as session, duckdb.connect() as con:
            con.execute("set TimeZone = 'UTC'")
            pinned = pin_evidence(session, con)
            config = settings_rows(
                session.settings, repositories=pinned.repositories, reaches_until=pinned.reaches_until
            )
            build_raw_schema(con, pinned.evidence, config=config, staging_sha256="any")
            return run_reconciliation(
                con, streams=contracts_of({"github"}), layers=["extraction", "landing"], expected=expected
            )

    def red(self, *expected: ExpectedPlace) -> list[CheckResult]:
        return [result for result in self.check(*expected) if not result.is_passed]

    def step(self, command: str) -> RepairStep:
        """What a command line asks for, read as the command reads it."""
        words = shlex.split(command)
        assert words[:2] == ["assay", "repair"]
        given = repair.make_context("repair", words[2:]).params
        with self.opened() as session:
            return step_for(
                session.settings,
                session.store,
                given["target"],
                scope=given["scope"],
                parent_key=given["parent_key"],
                first=given["first"],
                until=given["until"],
                now=NOW,
            )

    def repair(self, command: str) -> RunRecord:
        return self.fetch(plan_of_steps(self.workspace.settings(), [self.step(command)]))

    def opened(self) -> Any:
        return open_session(self.workspace, command="a test", environment={}, needs_sources=False)

    def cursors(self, stream: str) -> dict[str, Any]:
        with self.opened() as session:
            found: dict[str, Any] = session.store.cursors("ci", stream)
            return found


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    github = SmallGitHub()
    put_runs(github)
    begin = datetime(2026, 3, 1, tzinfo=UTC)
    for repository in ("acme/shop", "acme/search"):
        stamps = [f"{begin + timedelta(days=number):%Y-%m-%dT%H:%M:%SZ}" for number in range(5)]
        pulls = [
            {"id": 100 + at, "number": at, "created_at": stamp, "updated_at": stamp, "user": None}
            for at, stamp in enumerate(stamps, 1)
        ]
        github.put("pulls", *pulls, repository=repository)
        releases = [{"id": at, "created_at": stamp} for at, stamp in enumerate(stamps)]
        github.put("releases", *releases, repository=repository)
        github.put("tags", {"name": "v1"}, repository=repository)
        for number in range(1, 6):
            github.put(f"pulls/{number}/reviews", {"id": number, "user": None}, repository=repository)
    with github.server:
        workspace = scaffold(
            tmp_path / "workspace",
            organisation="acme",
            random_bytes=os.urandom,
            settings=SETTINGS % github.server.base_url,
            confirmation=simulated_people(),
        )
        yield Shop(github, workspace)


def without_records(github: SmallGitHub, path: str, *lost: int) -> Callable[[Request], Response | None]:
    """A server that leaves some records out of a list, once and however often that page is asked for."""

    def answer(request: Request) -> Response | None:
        if not request.path.endswith(path):
            return None
        whole = github._lists.answer(request)
        document = msgspec.json.decode(whole.body)
        wrapped = document if isinstance(document, list) else document["workflow_runs"]
        wrapped[:] = [each for each in wrapped if each["id"] not in lost]
        return Response(msgspec.json.encode(document), headers={"etag": '"stale"', **_links(whole)})

    return answer


def _links(response: Response) -> dict[str, str]:
    return {"link": response.headers["link"]} if "link" in response.headers else {}


def test_a_lost_record_is_named_with_its_window_and_fetched_by_the_command_of_the_message(shop: Shop) -> None:
    shop.github.fault = without_records(shop.github, "acme/shop/actions/runs", 40)
    shop.fetch()
    shop.github.fault = lambda _: None
    before = shop.cursors("workflow_runs")
    (red,) = shop.red()
    assert (red.name, red.subject) == ("claimed_totals_arrived", "raw.github__workflow_runs")
    assert "acme/shop" in red.offenders[0]
    assert "from 2026-01-01" in red.offenders[0]
    (named,) = red.repairs
    assert f"run `{named.command}`" in red.message
    assert (named.source, named.stream, named.scope) == ("ci", "workflow_runs", "acme/shop")

    shop.github.asked()
    shop.repair(named.command)

    asked = shop.github.asked()
    searches = [each for each in asked if "created=" in each]
    assert len(searches) == 1
    assert searches[0].startswith("/repos/acme/shop/actions/runs")
    assert [each for each in asked if each not in searches] == [
        "/repos/acme/shop/actions/runs/40/jobs?filter=all&per_page=100"
    ], "what is listed for the record that came to light, and nothing else"
    assert shop.red() == []
    assert shop.cursors("workflow_runs") == before


def test_a_lost_page_of_a_window_is_fetched_and_no_other_window(shop: Shop) -> None:
    """A server that ended its list early: half of what it claimed."""
    runs = without_records(shop.github, "acme/shop/actions/runs", *range(50))
    shop.github.fault = runs
    shop.fetch()
    shop.github.fault = lambda _: None
    red = {result.name: result for result in shop.red()}
    assert set(red) == {"claimed_totals_arrived", "claimed_totals_nearly_arrived"}
    assert red["claimed_totals_nearly_arrived"].is_blocking
    shop.github.asked()
    plan = plan_of_checks(shop.workspace.settings(), red.values())
    assert len(plan.steps) == 1, "two checks name the same window"
    shop.fetch(plan)
    assert len([each for each in shop.github.asked() if "created=" in each]) == 1
    assert shop.red() == []


def test_a_list_without_windows_is_read_whole_again_whatever_cursor_and_conditions_say(shop: Shop) -> None:
    """The server dropped two releases, and its entity tag says that nothing has changed since."""
    fault = without_records(shop.github, "acme/shop/releases", 1, 2)
    shop.github.fault = fault
    shop.fetch()
    other = shop.cursors("releases")["acme/search"]
    shop.github.asked()

    shop.github.fault = lambda request: Response(b"", 304) if "if-none-match" in request.headers else None
    record = shop.repair("assay repair ci.releases --scope=acme/shop")

    assert [each.partition("?")[0] for each in shop.github.asked()] == ["/repos/acme/shop/releases"]
    assert [(report.stream, report.records) for report in record.reports] == [("releases", 5)]
    assert shop.cursors("releases")["acme/search"] == other
    assert shop.red() == []


def test_the_list_of_one_parent_is_read_again_and_no_other(shop: Shop) -> None:
    shop.fetch()
    shop.github.asked()
    record = shop.repair("assay repair ci.reviews --scope=acme/shop --parent=3")
    assert [each.partition("?")[0] for each in shop.github.asked()] == ["/repos/acme/shop/pulls/3/reviews"]
    assert [(report.stream, report.windows_closed) for report in record.reports] == [("reviews", 1)]


def test_a_page_that_was_no_answer_is_covered_by_the_next_reading(shop: Shop) -> None:
    """A proxy that answered with something else once: the page stays, and no longer matters."""
    shop.github.fault = lambda request: (
        Response(b'[{"name": "v1"}, {"tag": "v2"}]') if request.path == "/repos/acme/shop/tags" else None
    )
    shop.fetch()
    shop.github.fault = lambda _: None
    red = shop.red()
    assert {result.name for result in red} == {"pages_parse", "page_record_counts_match"}
    assert "acme/shop, window" in red[0].offenders[0]
    commands = {each.command for result in red for each in result.repairs}
    assert commands == {"assay repair ci.tags --scope acme/shop"}
    shop.github.asked()
    shop.repair(commands.pop())
    assert [each.partition("?")[0] for each in shop.github.asked()] == ["/repos/acme/shop/tags"]
    assert shop.red() == []


def test_a_place_that_was_never_read_is_repaired_by_reading_it(shop: Shop) -> None:
    unread = ExpectedPlace("ci", "github", "releases", "acme/search")
    shop.github.fault = lambda request: (
        Response(b"{}", 403) if request.path == "/repos/acme/search/releases" else None
    )
    shop.fetch()
    shop.github.fault = lambda _: None
    (red,) = shop.red(unread)
    assert red.name == "places_were_read"
    shop.github.asked()
    shop.repair(red.repairs[0].command)
    assert [each.partition("?")[0] for each in shop.github.asked()] == ["/repos/acme/search/releases"]
    assert shop.red(unread) == []


def test_a_repair_that_breaks_off_leaves_the_cursor_and_a_second_one_finishes(shop: Shop) -> None:
    shop.fetch()
    before = shop.cursors("pull_requests")
    command = "assay repair ci.pull_requests --scope=acme/shop"
    shop.github.fault = lambda request: Response(b"{}", 403) if request.path.endswith("/pulls") else None
    assert shop.repair(command).failures
    assert shop.cursors("pull_requests") == before
    shop.github.fault = lambda _: None
    assert next(report.records for report in shop.repair(command).reports) == 5


def test_what_the_source_no_longer_has_is_said_and_nothing_is_read(shop: Shop) -> None:
    shop.fetch()
    shop.github.asked()
    gone = RepairStep(source="ci", stream="releases", place=Place("acme/gone"))
    record = shop.fetch(RepairPlan(steps=(gone,)))
    assert "no longer name that place" in record.failures[0].message
    assert shop.github.asked() == []


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("assay repair ci", "Name the stream"),
        ("assay repair cii.tags", "Did you mean ci?"),
        ("assay repair ci.tag", "Did you mean tags?"),
        ("assay repair ci.tags --scope=acme/shopp", "Did you mean acme/shop"),
        ("assay repair ci.tags --scope=acme/shop --parent=3", "no list of a parent"),
        ("assay repair ci.reviews --scope=acme/shop --parent=77", "knows no parent '77' in acme/shop"),
        ("assay repair ci.tags --from=2026-01-01 --until=2026-02-01", "no windows of time"),
        ("assay repair ci.workflow_runs --from=2026-02-01", "belong together"),
        ("assay repair ci.workflow_runs --from=2026-02-01 --until=soon", "no day and no instant"),
        ("assay repair ci.workflow_runs --from=2026-03-01 --until=2026-02-01", "the end is exclusive"),
        ("assay repair ci.workflow_runs --from=2029-03-01 --until=2029-04-01", "lies ahead"),
        ("assay repair ci.workflow_runs --from=2024-03-01 --until=2024-04-01", "nothing before 2026-01-01"),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(shop: Shop, command: str, message: str) -> None:
    shop.fetch()
    with pytest.raises(UsageError) as raised:
        shop.step(command)
    assert message in str(raised.value)


def test_a_repair_is_planned_and_estimated_without_a_request(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.fetch()
    shop.github.asked()
    line = ["repair", "ci.workflow_runs", "--scope=acme/shop", "--from=2026-02-01", "--until=2026-03-01"]
    assert main([*line, "--dry-run", "--workspace", str(shop.workspace.root)]) == 0
    shown = capsys.readouterr().out
    assert "--from 2026-02-01 --until 2026-03-01  (about 1 request)" in shown
    assert "ci.workflow_jobs" in shown
    assert shop.github.asked() == []
    assert main(["repair", "--workspace", str(shop.workspace.root)]) == 2
    assert "Run assay run first" in capsys.readouterr().err


def test_a_window_that_was_never_read_takes_what_as_long_a_time_took() -> None:
    day = datetime(2026, 2, 1, tzinfo=UTC)
    rows = [
        {"source": "ci", "stream": "workflow_runs", "scope": "acme/shop", "parent_key": None,
         "requested_from": day + timedelta(days=at), "requested_until": day + timedelta(days=at + 1),
         "page_indexes": [2 * at, 2 * at + 1]}
        for at in range(10)
    ]  # fmt: skip
    windows, place = pa.Table.from_pylist(rows), Place("acme/shop")
    for first, last, requests in ((0, 10, 20), (-10, 0, 20), (-5, 5, 20), (8, 20, 24), (40, 41, 2)):
        window = TimeWindow(day + timedelta(days=first), day + timedelta(days=last))
        step = RepairStep(source="ci", stream="workflow_runs", place=place, window=window)
        assert requests_of(step, windows) == requests, (first, last)


def red_check(*repairs: Repair, is_passed: bool = False) -> CheckResult:
    return CheckResult(
        name="claimed_totals_arrived",
        subject="raw.github__tags",
        layer="extraction",
        severity="blocking",
        is_passed=is_passed,
        observed="1 records",
        expected="2 records",
        scope="all",
        offenders=(),
        offender_count=1,
        message="One is missing.",
        remedy="",
        owner="data engineering",
        repairs=repairs,
    )


def test_faults_of_the_build_are_rebuilt_and_those_of_a_source_that_left_are_left(shop: Shop) -> None:
    settings = shop.workspace.settings()
    rebuild = Repair("rebuild", "assay run --full-refresh")
    left = Repair("refetch", "assay repair old.tags", "old", "tags")
    plan = plan_of_checks(settings, [red_check(rebuild, left)])
    assert (plan.steps, plan.is_full_refresh, plan.is_run) == ((), True, False)
    assert plan_of_checks(settings, [red_check(Repair("run", "assay run"))]).is_run
    warning = replace(red_check(Repair("run", "assay run")), severity="warning")
    assert plan_of_checks(settings, [warning]) == RepairPlan(), "the next run does it anyway"
    assert plan_of_checks(settings, [red_check(Repair("restore", "assay verify"))]) == RepairPlan()


def test_a_check_that_stays_red_says_that_the_source_repeats_itself() -> None:
    before = [red_check(Repair("refetch", "assay repair ci.tags", "ci", "tags"))]
    outcome = outcome_of(before, before)
    plan = RepairPlan(steps=(RepairStep(source="ci", stream="tags", place=Place()),))
    assert "the source itself may lack it" in str(outcome.error(plan))
    mended = outcome_of(before, [red_check(is_passed=True)])
    assert (mended.green, mended.error(plan)) == (("claimed_totals_arrived (raw.github__tags)",), None)
    assert outcome_of(before, []).unknown


def test_the_command_of_a_step_reads_back_as_the_same_step(shop: Shop) -> None:
    shop.fetch()
    window = TimeWindow(datetime(2026, 2, 1, 8, 30, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))
    step = RepairStep(source="ci", stream="workflow_runs", place=Place("acme/shop"), window=window)
    assert step.command.endswith("--from 2026-02-01T08:30:00Z --until 2026-03-01")
    assert shop.step(step.command) == step
    with shop.opened() as session:
        (found,) = red_checks([red_check(Repair("run", "assay run"))], session.store.windows())
    assert found.repairs[0].requests is None


def test_a_scope_that_looks_like_an_option_stays_a_scope(shop: Shop) -> None:
    shop.fetch()
    with pytest.raises(UsageError, match="never read in '--yes; rm'"):
        shop.step(refetch("ci", "tags", scope="--yes; rm").command)
