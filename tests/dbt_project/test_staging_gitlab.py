"""GitLab from the wire to staging: a simulated organisation, and merge requests that say all sorts."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.commits import make_commit
from connectors.sandbox.gitlab.api import GitLabApi
from connectors.sandbox.organisation import simulate
from tests.connectors.gitlab.server import ADA, START, TOKEN, SmallGitLab, clock_at, newest, open_source
from tests.dbt_project.records import SECRET
from tests.dbt_project.warehouse import EvidenceBook, Warehouse
from tests.replay.vendor_api import VendorApi

SELECTED = ("path:models/staging/gitlab",)
KINDS = {"gitlab": "gitlab"}
DAY = 86_400


class Organisation:
    """A simulated organisation of which everything was read and staged, in two portions."""

    def __init__(self, folder: Path) -> None:
        company = simulate(seed=5, months=1, services=2)
        api = GitLabApi(company.company, company.timeline, TOKEN)
        gitlab = VendorApi(api, prefix="gitlab")
        self.state = api.state
        self.book = EvidenceBook(folder / "book", kinds=KINDS)
        self.warehouse = Warehouse(folder / "warehouse")
        with gitlab.server:
            for at, command in (
                (company.parameters.ends_at - 9 * DAY, "run"),
                (company.parameters.ends_at - 1, "build"),
            ):
                api.move_to(at)
                source = open_source(self.book.store, gitlab.base_url, clock_at(at + 60))
                for stream in source.streams:
                    assert source.extract(stream.name, run_id=f"run-{at}").failures == ()
                self.warehouse.build(self.book.evidence(), command=command, select=SELECTED)


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Organisation:
    return Organisation(tmp_path_factory.mktemp("gitlab"))


def test_every_record_is_a_row_and_nothing_is_lost(organisation: Organisation) -> None:
    projects = list(organisation.state.projects.values())
    expected = {
        "projects": len(projects),
        "groups": 1,
        "subgroups": len(organisation.state.groups) - 1,
        "subgroup_members": sum(
            len(row.members) for row in organisation.state.groups.values() if row.parent is not None
        ),
        "merge_requests": sum(len(row.merge_requests) for row in projects),
        "merge_request_commits": sum(
            len(made.commits) for row in projects for made in row.merge_requests.values()
        ),
        "events": sum(len(row.happenings) for row in projects),
        "pipelines": sum(len(row.pipelines) for row in projects),
        "pipeline_details": sum(len(row.pipelines) for row in projects),
        "jobs": sum(len(made.jobs) for row in projects for made in row.pipelines.values()),
        "deployments": sum(len(row.deployments) for row in projects),
        "environments": sum(len(row.environments) for row in projects),
        "releases": sum(len(row.releases) for row in projects),
        "tags": sum(len(row.tags) for row in projects),
    }
    for stream, count in expected.items():
        query = f"select count(*), coalesce(sum(cast_loss_count), 0) from staging.stg_gitlab__{stream}"
        assert organisation.warehouse.rows(query) == [(count, 0)], stream
    assert expected["deployments"] > 0
    assert expected["jobs"] > expected["pipelines"]


def test_rows_stand_as_the_server_has_them_now(organisation: Organisation) -> None:
    projects = organisation.state.projects.values()
    statuses = {number: made.status for row in projects for number, made in row.deployments.items()}
    query = "select deployment_id, status from staging.stg_gitlab__deployments"
    assert dict(organisation.warehouse.rows(query)) == statuses
    ended = {number: made.finished_at for row in projects for number, made in row.pipelines.items()}
    query = "select pipeline_id, epoch(finished_at)::bigint from staging.stg_gitlab__pipeline_details"
    assert dict(organisation.warehouse.rows(query)) == ended


def test_reviews_are_approvals_and_comments_with_their_time_and_author(organisation: Organisation) -> None:
    expected = {
        (made.number, made.action, made.at)
        for row in organisation.state.projects.values()
        for made in row.happenings
        if made.action == "approved" or made.fields.get("note", {}).get("noteable_type") == "MergeRequest"
    }
    found = organisation.warehouse.rows(
        "select event_id, action, epoch(created_at)::bigint from staging.stg_gitlab__events "
        "where (action = 'approved' or noteable_type = 'MergeRequest') and actor_token is not null"
    )
    assert set(found) == expected
    assert {action for _, action, _ in found} == {"approved", "commented on"}


def test_no_name_login_or_address_reaches_the_warehouse(organisation: Organisation) -> None:
    content = Path(organisation.warehouse.file).read_bytes()
    for person in organisation.state.company.people:
        for text in (person.name, person.login, person.email):
            assert text.encode() not in content, text


def test_a_later_reading_replaces_what_changed(organisation: Organisation) -> None:
    query = "select merge_request_id, state from staging.stg_gitlab__merge_requests"
    held = newest(organisation.book.store, "merge_requests")
    assert dict(organisation.warehouse.rows(query)) == {key: row["state"] for key, row in held.items()}


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Merge requests whose texts and results differ."""
    folder = tmp_path_factory.mktemp("texts")
    gitlab, book, warehouse = (
        SmallGitLab(),
        EvidenceBook(folder / "book", kinds=KINDS),
        Warehouse(folder / "w"),
    )
    project = gitlab.project("acme/commerce/shop")
    head = make_commit(parents=(), revisions={"b.py": 1}, author=ADA, committer=ADA, message=SECRET)
    with gitlab.api.server:
        for title, body, changes in MERGE_REQUESTS:
            given = {"commits": [head], **changes}
            gitlab.request(project, updated_at=START + 60, title=title, body=body, **given)
        gitlab.extract(book.store, "merge_requests", projects=("acme/commerce/shop",))
    warehouse.build(book.evidence(), command="build", select=SELECTED)
    return warehouse


MERGED: dict[str, Any] = {"state": "merged", "ended_at": START + 60, "ended_by": None}
MERGE_REQUESTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("Hotfix", "Closes #12, see acme/other#3 and https://gitlab.example/acme/web/-/issues/5", {}),
    ("Revert", f"This reverts merge request !4\nThis reverts commit {'a' * 40}.", {"labels": ("hotfix",)}),
    (SECRET, SECRET, {"branch": f"hotfix/{SECRET}"}),
    ("Merged", "", {**MERGED, "merge_commit_sha": "b" * 40, "squash_commit_sha": "c" * 40}),
    ("Squashed", "", {**MERGED, "squash_commit_sha": "c" * 40}),
    ("Fast-forward", "", MERGED),
)


def test_references_are_taken_from_texts_that_go_no_further(texts: Warehouse) -> None:
    rows = texts.rows(
        "select mentioned_issues, closed_issues, reverted_merge_requests, reverted_shas "
        "from staging.stg_gitlab__merge_requests order by number limit 2"
    )
    shop = "acme/commerce/shop"
    assert rows == [
        ([f"{shop}#12", "acme/other#3", "acme/web#5"], [f"{shop}#12"], [], []),
        ([], [], [f"{shop}!4"], ["a" * 40]),
    ]


def test_rules_see_title_branch_and_labels(texts: Warehouse) -> None:
    rows = texts.rows(
        "select is_hotfix_title, is_hotfix_label, is_hotfix_branch "
        "from staging.stg_gitlab__merge_requests order by number limit 3"
    )
    assert rows == [(True, False, False), (False, True, False), (False, False, True)]


def test_the_commit_that_reached_the_target_is_found_however_it_was_merged(texts: Warehouse) -> None:
    rows = texts.rows(
        "select merged_sha, merged_sha = head_sha, epoch(merged_at)::bigint "
        "from staging.stg_gitlab__merge_requests order by number"
    )
    merged_at = START + 60
    assert rows[0] == (None, None, None)
    assert rows[3:5] == [("b" * 40, False, merged_at), ("c" * 40, False, merged_at)]
    assert rows[5][1:] == (True, merged_at)


def test_no_text_of_a_merge_request_stays(texts: Warehouse) -> None:
    assert SECRET.encode() not in Path(texts.file).read_bytes()
    row = texts.rows("select created_at from staging.stg_gitlab__merge_requests limit 1")
    assert row == [(datetime.fromtimestamp(START + 60, UTC),)]
