"""Jira from the wire to staging: counted, typed, without names, and the same however it was read."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.jira import edits
from tests.connectors.jira.recorded import RecordedSite
from tests.connectors.jira.site import END, MIDDLE, STREAMS, ReadSite, open_site, open_source
from tests.connectors.workspace import FakeTime
from tests.dbt_project.warehouse import EvidenceBook, Warehouse
from tests.replay.loopback import LoopbackServer

SELECTED = ("path:models/staging/jira",)
KINDS = {"jira": "jira"}
MODELS = (*STREAMS, "issue_changes", "current_issues")


def book_at(folder: Path) -> EvidenceBook:
    return EvidenceBook(folder, kinds=KINDS)


def read_all(site: ReadSite, book: EvidenceBook, **settings: Any) -> None:
    """Read a site into a book."""
    source = open_source(site.server.base_url, book.store, site.time, is_cloud=site.api.is_cloud, **settings)
    for stream in STREAMS:
        assert source.extract(stream, run_id=f"run-{site.time.now}").failures == (), stream


@pytest.fixture(scope="module", params=[True, False], ids=["cloud", "data_center"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadSite]:
    """A site at the end of the story; nothing is read into its own store."""
    with open_site(tmp_path_factory.mktemp("site"), at=END, is_cloud=request.param) as opened:
        yield opened


@pytest.fixture(scope="module")
def staged(site: ReadSite, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Everything that the site holds, in staging."""
    book = book_at(tmp_path_factory.mktemp("book"))
    read_all(site, book)
    warehouse = Warehouse(tmp_path_factory.mktemp("warehouse"))
    warehouse.build(book.evidence(), command="build", select=SELECTED)
    return warehouse


def count(warehouse: Warehouse, model: str) -> int:
    ((found,),) = warehouse.rows(f"select count(*) from staging.stg_jira__{model}")
    return int(found)


def test_staging_has_as_many_rows_as_the_site_has_records(site: ReadSite, staged: Warehouse) -> None:
    state, is_cloud = site.state, site.api.is_cloud
    fields = sum(len(change.items) for issue in state.issues.values() for change in issue.changes)
    assert {model: count(staged, model) for model in MODELS} == {
        "projects": len(state.projects),
        "fields": 13,
        "statuses": 4,
        "status_categories": 3,
        "issue_types": 4,
        "users": len(state.joined),
        "versions": len(state.versions),
        "components": len(state.components),
        "issues": len(state.issues),
        "issue_keys": len(state.issues),
        "changelogs": fields if is_cloud else 0,
        "histories": 0 if is_cloud else fields,
        "worklog_updates": len(state.worklogs()),
        "worklogs": len(state.worklogs()),
        "worklog_deletions": len(state.deleted_worklogs),
        "boards": len(state.boards),
        "sprints": sum(len(state.sprints(board.id)) for board in state.boards),
        "issue_changes": fields,
        "current_issues": len(state.issues),
    }


def test_nothing_is_lost_on_the_way(staged: Warehouse) -> None:
    for model in MODELS:
        lost = staged.rows(f"select coalesce(sum(cast_loss_count), 0) from staging.stg_jira__{model}")
        assert lost == [(0,)], model
    assert staged.rows("select count(*) from raw.unreadable_records") == [(0,)]


def test_issues_carry_what_the_metrics_need(site: ReadSite, staged: Warehouse) -> None:
    columns = "issue_id, issue_key, status_id, sprint_ids, custom_fields, created_at, updated_at, resolved_at"
    rows = staged.rows(f"select {columns} from staging.stg_jira__issues")
    expected = [
        (
            issue.id,
            issue.key,
            int(issue.status),
            list(issue.sprints),
            None if issue.points is None else f'{{"customfield_10016":{issue.points}}}',
            instant(issue.created_at),
            instant(issue.updated_at),
            instant(issue.resolved_at) if issue.resolved_at else None,
        )
        for issue in site.state.issues.values()
    ]
    assert sorted(rows) == sorted(expected)


def instant(at: int) -> datetime:
    """Epoch milliseconds as an instant, without rounding."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)


def test_times_of_changes_are_read_in_every_form(site: ReadSite, staged: Warehouse) -> None:
    """Cloud's bulk endpoint counts milliseconds, everything else writes an offset without a colon."""
    rows = staged.rows("select distinct change_id, changed_at from staging.stg_jira__issue_changes")
    assert sorted(rows) == sorted(
        (change.id, instant(change.at)) for issue in site.state.issues.values() for change in issue.changes
    )


def test_incidents_keep_the_deployments_that_their_text_names(site: ReadSite, staged: Warehouse) -> None:
    rows = staged.rows(
        "select issue_id, referenced_deployment_ids from staging.stg_jira__issues "
        "where referenced_deployment_ids <> []"
    )
    naming = {issue.id for issue in site.state.issues.values() if "deployment " in issue.description}
    assert naming
    assert {issue_id for issue_id, _ in rows} == naming


def test_an_incident_keeps_the_items_that_caused_it_and_the_pull_requests_that_it_names(
    tmp_path: Path,
) -> None:
    links = [
        {"type": {"inward": "is caused by", "outward": "causes"}, "inwardIssue": {"key": "SHOP-8"}},
        {"type": {"inward": "is caused by", "outward": "causes"}, "outwardIssue": {"key": "OPS-2"}},
        {"type": {"inward": "relates to", "outward": "relates to"}, "inwardIssue": {"key": "SHOP-9"}},
    ]
    at = "2026-05-03T12:00:00.000+0000"
    status = {"id": "1", "name": "To Do", "statusCategory": {"key": "new"}}
    fields = {"description": "Caused by acme/checkout#7, see #3", "issuelinks": links, "status": status}
    issue = {"id": "1", "key": "OPS-1", "fields": {**fields, "created": at, "updated": at}}
    book = EvidenceBook(
        tmp_path / "book", kinds=KINDS, count=lambda _, content: len(json.loads(content)["issues"])
    )
    book.land("issues", "OPS", {"issues": [issue]}, source="jira")
    warehouse = Warehouse(tmp_path / "warehouse")
    warehouse.build(book.evidence(), select=("stg_jira__issues",))
    columns = "linked_issue_keys, causing_issue_keys, mentioned_issues, cast_loss_count"
    assert warehouse.rows(f"select {columns} from staging.stg_jira__issues") == [
        (["OPS-2", "SHOP-8", "SHOP-9"], ["SHOP-8"], ["acme/checkout#7"], 0)
    ]


def test_no_name_and_no_text_reaches_staging(site: ReadSite, staged: Warehouse) -> None:
    people = [person.name for person in site.state.people.values() if not person.is_bot]
    texts = [issue.summary for issue in site.state.issues.values()]
    for model, rows in staged.contents().items():
        shown = repr(rows)
        assert not [name for name in people if name in shown], model
        assert not [text for text in texts if text in shown], model


@pytest.mark.slow
def test_increments_mark_what_is_deleted_or_moved_and_end_as_one_full_build_does(tmp_path: Path) -> None:
    book, step_by_step = book_at(tmp_path / "book"), Warehouse(tmp_path / "steps")
    current = "staging.stg_jira__current_issues"
    with open_site(tmp_path / "site", at=MIDDLE) as site:
        read_all(site, book)
        step_by_step.build(book.evidence(), select=SELECTED)
        assert step_by_step.rows(f"select count(*) from {current} where is_deleted") == [(0,)]
        gone, moved, *_ = site.state.issues.values()
        project = next(row for row in site.state.projects.values() if row != moved.project)
        site.state.delete(gone)
        site.move_to(MIDDLE + timedelta(hours=30))
        edits.move(site.state, moved, site.state.at - 120_000, to=project, author=moved.reporter)
        read_all(site, book)
        step_by_step.build(book.evidence(), select=SELECTED)
        deleted = {key for (key,) in step_by_step.rows(f"select issue_id from {current} where is_deleted")}
        assert gone.id in deleted
        assert deleted.isdisjoint(site.state.issues)
        key = f"select issue_key from {current} where issue_id = {moved.id}"
        assert step_by_step.rows(key) == [(moved.key,)]
    at_once = Warehouse(tmp_path / "full")
    at_once.build(book.evidence(), select=SELECTED)
    assert without_tokens(step_by_step) == without_tokens(at_once)


def without_tokens(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every model; tokens are drawn anew for each vault."""
    columns = "columns(name -> not name.ends_with('_token'))"
    return {
        model: warehouse.rows(f"select {columns} from staging.stg_jira__{model} order by all")
        for model in MODELS
    }


def test_recorded_replies_arrive_whole(tmp_path: Path, payloads: Path) -> None:
    book, warehouse = book_at(tmp_path / "book"), Warehouse(tmp_path / "warehouse")
    with LoopbackServer(RecordedSite(payloads)) as server:
        source = open_source(
            server.base_url, book.store, FakeTime(now=END), is_cloud=True, custom_fields=("Sprint",)
        )
        for stream in ("projects", "fields", "statuses", "issue_types", "users", "issues", "changelogs",
                       "worklog_updates", "worklogs", "boards", "sprints"):  # fmt: skip
            source.extract(stream, run_id="run")
    warehouse.build(book.evidence(), select=SELECTED)
    assert {model: count(warehouse, model) for model in ("issues", "changelogs", "users", "worklogs")} == {
        "issues": 36,
        "changelogs": 714 + 284,
        "users": 34,
        "worklogs": 30,
    }
    assert count(warehouse, "statuses") == 53
    assert count(warehouse, "issue_types") == 6
    assert count(warehouse, "sprints") == 31
    for model in ("issues", "changelogs", "users", "worklogs", "statuses", "sprints", "boards"):
        lost = warehouse.rows(f"select sum(cast_loss_count) from staging.stg_jira__{model}")
        assert lost == [(0,)], model
    spans = "select count(*) from staging.stg_jira__issues where sprint_ids <> []"
    assert warehouse.rows(spans)[0][0] > 20
