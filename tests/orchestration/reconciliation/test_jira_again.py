"""What a simulated Jira says when it is asked again, against staging: clean, and with planted faults."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.sandbox.jira.state import Issue
from tests.connectors.jira.site import END, MIDDLE, ReadSite, open_site
from tests.connectors.workspace import landed, windows
from tests.orchestration.reconciliation.staged_source import StagedSource, folder_of, verdicts
from tests.replay.loopback import Handler, Request, Response

READ = ("projects", "fields", "issues", "issue_keys")
READ_TOO = ("statuses", "versions", "components", "worklog_updates", "worklogs", "boards", "sprints")
STAGED = ("projects", "issues", "issue_keys", "current_issues")
SAMPLED = ("projects", "statuses", "versions", "components", "issues", "worklogs", "boards", "sprints")
OTHER = {"Highest": "Low", "High": "Low", "Medium": "Low", "Low": "High"}


class Jira:
    """A site, what was staged of it, and a switch for its server."""

    def __init__(self, site: ReadSite, staged: StagedSource) -> None:
        self.site = site
        self.staged = staged

    def first_issue(self) -> Issue:
        return next(iter(self.site.state.issues.values()))


@contextmanager
def read_jira(folder: Path, down: dict[str, bool]) -> Iterator[Jira]:
    """A site that was read and staged; its server fails while it is down."""

    def instead(request: Request, answer: Handler) -> Response:
        return Response(b"", status=500) if down["is_down"] else answer(request)

    with open_site(folder, at=MIDDLE, instead=instead) as site:
        site.extract_all(READ)
        staged = StagedSource("jira", site.source, site.store, folder_of(folder))
        staged.stage(*STAGED)
        yield Jira(site, staged)


@pytest.fixture(scope="module")
def down() -> dict[str, bool]:
    return {"is_down": False}


@pytest.fixture(scope="module")
def read_once(tmp_path_factory: pytest.TempPathFactory, down: dict[str, bool]) -> Iterator[Jira]:
    with read_jira(tmp_path_factory.mktemp("jira"), down) as found:
        yield found


@pytest.fixture
def jira(read_once: Jira, down: dict[str, bool]) -> Iterator[Jira]:
    """The same site for every test: what a test did to it is taken back."""
    state = read_once.site.state
    before = copy.deepcopy(state)
    yield read_once
    down["is_down"] = False
    for each in fields(state):
        setattr(state, each.name, getattr(before, each.name))
    read_once.site.api.searches.forget()
    read_once.staged.write_anew()


def test_clean_records_are_equal_whichever_are_drawn(jira: Jira) -> None:
    jira.site.extract_all(READ_TOO)
    jira.staged.stage(*dict.fromkeys((*STAGED, *SAMPLED)))

    for seed in "abc":
        rows = jira.staged.samples(*SAMPLED, count=4, seed=seed)
        assert verdicts(rows) == {"equal"}
        assert {row["stream"] for row in rows} == set(SAMPLED)
    assert jira.staged.red() == {}


def test_the_same_log_draws_the_same_records_and_another_draws_others(jira: Jira) -> None:
    drawn = [
        {row["record_key"] for row in jira.staged.samples("issues", count=3, seed=seed)} for seed in "aab"
    ]

    assert drawn[0] == drawn[1] != drawn[2]
    assert len(drawn[0]) == 3


def test_what_was_fetched_again_is_evidence_of_its_own(jira: Jira) -> None:
    rows = jira.staged.samples("issues", count=3)

    pages = landed(jira.site.store, "issues__samples")[-3:]
    assert [page["log_index"] << 23 for page in pages] == sorted(row["sampled_record_id"] for row in rows)
    asked = windows(jira.site.store, "issues__samples")[-3:]
    assert [row["record_count"] for row in asked] == [1, 1, 1]
    assert list(jira.site.store.verify()) == []


def test_a_record_that_changes_without_notice_is_red_and_named(jira: Jira) -> None:
    issue = jira.first_issue()
    issue.labels = (*issue.labels, "planted")

    (row,) = [row for row in jira.staged.samples("issues") if row["verdict"] != "equal"]

    assert (row["verdict"], row["differing_columns"]) == ("differs", ["labels"])
    red = jira.staged.red()
    assert set(red) == {("sampled_records_match", "issues")}
    assert red["sampled_records_match", "issues"].is_blocking
    assert str(issue.id) in red["sampled_records_match", "issues"].offenders[0]
    assert "assay repair jira.issues" in red["sampled_records_match", "issues"].message


def test_a_changed_value_in_staging_is_red(jira: Jira) -> None:
    jira.staged.spoil(
        "update staging.stg_jira__issues set created_at = created_at + interval 1 hour "
        "where issue_id = (select min(issue_id) from staging.stg_jira__issues)"
    )

    (row,) = [row for row in jira.staged.samples("issues") if row["verdict"] != "equal"]

    assert (row["verdict"], row["differing_columns"]) == ("differs", ["created_at"])
    assert "in staging" in row["differences"][0]
    assert set(jira.staged.red()) == {("sampled_records_match", "issues")}


def test_a_record_that_was_updated_since_is_no_fault(jira: Jira) -> None:
    issue = jira.first_issue()
    issue.priority, issue.updated_at = OTHER[issue.priority], issue.updated_at + 60_000

    rows = jira.staged.samples("issues")

    assert [row["verdict"] for row in rows if row["verdict"] != "equal"] == ["changed_since"]
    assert jira.staged.red() == {}


def test_a_name_that_changes_with_no_update_of_the_issue_is_a_warning(jira: Jira) -> None:
    issue = jira.first_issue()
    issue.priority = OTHER[issue.priority]

    (row,) = [row for row in jira.staged.samples("issues") if row["verdict"] != "equal"]

    assert (row["verdict"], row["differing_columns"]) == ("unversioned_change", ["priority_name"])
    assert {name for name, _ in jira.staged.red()} == {"sampled_values_moved_with_notice"}


def test_a_change_of_what_tells_of_no_updates_is_a_warning(jira: Jira) -> None:
    jira.staged.spoil("update staging.stg_jira__projects set project_name = 'Elsewhere'")

    rows = jira.staged.samples("projects")

    assert verdicts(rows) == {"unversioned_change"}
    (red,) = jira.staged.red().values()
    assert (red.name, red.severity) == ("sampled_values_moved_with_notice", "warning")


def test_a_record_that_is_gone_is_a_warning_and_leaves_a_window_without_a_page(jira: Jira) -> None:
    issue = jira.first_issue()
    del jira.site.state.issues[issue.id]

    (row,) = [row for row in jira.staged.samples("issues") if row["verdict"] != "equal"]

    assert row["verdict"] == "vanished"
    (red,) = jira.staged.red().values()
    assert (red.name, red.severity) == ("sampled_records_still_exist", "warning")
    closed = windows(jira.site.store, "issues__samples")[-len(jira.site.state.issues) - 1 :]
    assert sum(row["record_count"] == 0 for row in closed) == 1


def test_an_issue_that_staging_knows_to_be_deleted_is_not_asked_for(jira: Jira) -> None:
    """Everybody deletes issues: what was read of their deletion warned whenever a sample drew them."""
    issue = jira.first_issue()
    del jira.site.state.issues[issue.id]
    jira.staged.spoil(
        "create or replace view staging.stg_jira__current_issues as "
        f"select *, issue_id = {issue.id} as is_deleted from staging.stg_jira__issues"
    )

    rows = jira.staged.samples("issues")

    assert verdicts(rows) == {"equal"}
    assert len(rows) == len(jira.site.state.issues)


def test_a_source_that_is_down_says_so_and_is_asked_about_one_stream_only(
    jira: Jira, down: dict[str, bool]
) -> None:
    down["is_down"] = True
    before = len(jira.site.server.requests)

    rows = jira.staged.samples("projects", "issues", count=2)

    assert verdicts(rows) == {"not_taken"}
    assert all("500" in row["problem"] for row in rows)
    assert {key for key, _ in jira.staged.red()} == {"samples_were_taken"}
    assert len(jira.site.server.requests) - before <= 4


def test_clean_totals_are_green(jira: Jira) -> None:
    rows = jira.staged.totals("issues")

    assert {row["scope"] for row in rows} == {row.key for row in jira.site.state.projects.values()}
    assert all(row["total_count"] == row["staged_count"] for row in rows)
    assert jira.staged.red() == {}


def test_records_created_after_the_fetch_are_no_fault(tmp_path: Path) -> None:
    with read_jira(tmp_path, {"is_down": False}) as jira:
        before = len(jira.site.state.issues)
        jira.site.move_to(END)

        jira.staged.totals("issues")

        assert len(jira.site.state.issues) > before
        assert jira.staged.red() == {}


def test_records_that_never_arrived_are_red(jira: Jira) -> None:
    first = jira.first_issue()
    for number in range(1, 5):
        twin = copy.deepcopy(first)
        twin.id, twin.key, twin.project = first.id + 900_000 + number, f"{first.key}9{number}", first.project
        jira.site.state.issues[twin.id] = twin

    jira.staged.totals("issues")

    red = jira.staged.red()
    assert set(red) == {("source_totals_arrived", "issues")}
    assert first.project.key in red["source_totals_arrived", "issues"].offenders[0]


def test_records_that_the_source_has_no_more_are_a_warning(jira: Jira) -> None:
    key = jira.first_issue().project.key
    held = jira.site.state.issues
    for name in [name for name, row in held.items() if row.project.key == key][:4]:
        del held[name]
    jira.site.api.searches.forget()

    jira.staged.totals("issues")

    assert {(name, red.severity) for (name, _), red in jira.staged.red().items()} == {
        ("source_totals_not_exceeded", "warning")
    }


def test_data_center_counts_in_its_search(tmp_path: Path) -> None:
    with open_site(tmp_path, at=MIDDLE, is_cloud=False) as site:
        site.extract_all(("projects", "fields", "issues", "issue_keys"))
        staged = StagedSource("jira", site.source, site.store, folder_of(tmp_path))
        staged.stage("projects", "issues", "issue_keys", "current_issues")

        assert verdicts(staged.samples("projects", "issues", count=5)) == {"equal"}
        rows = staged.totals("issues")

    assert rows
    assert all(row["total_count"] == row["staged_count"] for row in rows)


def test_totals_that_are_not_told_are_a_warning(jira: Jira, down: dict[str, bool]) -> None:
    down["is_down"] = True

    rows = jira.staged.totals("issues", count=1)

    assert verdicts(rows) == {"not_taken"}
    assert {name for name, _ in jira.staged.red()} == {"source_totals_were_told"}


def test_a_scope_counts_what_was_created_some_minutes_before_its_last_fetch(jira: Jira) -> None:
    (row, *_) = jira.staged.totals("issues", count=1)

    assert row["created_before"] == MIDDLE - timedelta(minutes=10)
