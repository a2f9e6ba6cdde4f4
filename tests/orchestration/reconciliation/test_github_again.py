"""What a GitHub says when it is asked again: items whose records were listed, searches and last pages."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.github.small_github import REPOSITORY, SmallGitHub
from tests.connectors.workspace import FakeTime, open_store
from tests.dbt_project.records import deployment, pull
from tests.orchestration.reconciliation.staged_source import StagedSource, folder_of, verdicts

PULLS = [pull(number, updated=f"2026-01-05T1{number}:00:00Z") for number in range(1, 5)]
MERGED = pull(5, state="closed", merged_at="2026-01-05T10:00:00Z")
DEPLOYMENTS = [deployment(70 + number) for number in range(3)]


class Asked:
    """A small GitHub that was read and staged."""

    def __init__(self, github: SmallGitHub, staged: StagedSource) -> None:
        self.github = github
        self.staged = staged

    def tell(self, path: str, document: Any) -> None:
        """Answer a path with a document."""
        self.github.documents[path] = json.dumps(document).encode()


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Asked]:
    github = SmallGitHub()
    github.put("pulls", *PULLS, MERGED)
    github.put("deployments", *DEPLOYMENTS)
    with github.server, open_store(tmp_path) as store:
        source = github.source(store, FakeTime())
        for stream in ("pull_requests", "deployments"):
            source.extract(stream, run_id="run")
        staged = StagedSource("github", source, store, folder_of(tmp_path))
        staged.stage("pull_requests", "deployments")
        found = Asked(github, staged)
        for record in (*PULLS, MERGED):
            found.tell(f"/repos/{REPOSITORY}/pulls/{record['number']}", record | {"additions": 7})
        yield found


def counted(total: int, *, is_incomplete: bool = False) -> dict[str, Any]:
    return {"total_count": total, "incomplete_results": is_incomplete, "items": []}


def test_each_verdict_on_pull_requests(asked: Asked) -> None:
    path = f"/repos/{REPOSITORY}/pulls/"
    asked.tell(f"{path}1", PULLS[0] | {"state": "closed"})
    asked.tell(f"{path}2", PULLS[1] | {"labels": [{"name": "renamed"}]})
    asked.tell(f"{path}3", PULLS[2] | {"state": "closed", "updated_at": "2026-11-22T13:00:00Z"})
    del asked.github.documents[f"{path}4"]
    asked.github.put("pulls", *PULLS[:3], MERGED)

    rows = {row["record_key"]: row for row in asked.staged.samples("pull_requests")}

    assert {key: (row["verdict"], row["differing_columns"]) for key, row in rows.items()} == {
        f"{REPOSITORY} 1": ("differs", ["state"]),
        f"{REPOSITORY} 2": ("unversioned_change", ["labels"]),
        f"{REPOSITORY} 3": ("changed_since", []),
        f"{REPOSITORY} 4": ("vanished", []),
        f"{REPOSITORY} 5": ("equal", []),
    }
    assert {name for name, _ in asked.staged.red()} == {
        "sampled_records_match",
        "sampled_values_moved_with_notice",
        "sampled_records_still_exist",
    }
    assert "Zebrastripe" not in str(asked.staged.red())


def test_an_update_that_the_list_kept_back_is_red(asked: Asked) -> None:
    """It lies before the reading: no later one, which asks for what is newer, would bring it."""
    asked.tell(
        f"/repos/{REPOSITORY}/pulls/3", PULLS[2] | {"state": "closed", "updated_at": "2026-01-06T00:00:00Z"}
    )

    (row,) = [row for row in asked.staged.samples("pull_requests") if row["verdict"] != "equal"]

    assert (row["verdict"], row["differing_columns"]) == (
        "overlooked",
        ["state", "updated_at", "source_updated_at"],
    )
    assert {name for name, _ in asked.staged.red()} == {"sampled_records_match"}


def test_the_commit_of_a_trial_merge_is_not_compared_and_that_of_a_merge_is(asked: Asked) -> None:
    asked.tell(f"/repos/{REPOSITORY}/pulls/1", PULLS[0] | {"merge_commit_sha": "d" * 40})
    asked.tell(f"/repos/{REPOSITORY}/pulls/5", MERGED | {"merge_commit_sha": "d" * 40})

    rows = {row["record_key"]: row["differing_columns"] for row in asked.staged.samples("pull_requests")}

    assert (rows[f"{REPOSITORY} 1"], rows[f"{REPOSITORY} 5"]) == ([], ["merge_commit_sha"])


def test_no_update_changes_when_a_record_was_made(asked: Asked) -> None:
    """A list that tells of local times as if they were UTC moves the last update, too."""
    later = {"created_at": "2026-01-01T06:07:08Z", "updated_at": "2026-12-06T00:00:00Z"}
    asked.tell(f"/repos/{REPOSITORY}/pulls/1", PULLS[0] | later)

    (row,) = [row for row in asked.staged.samples("pull_requests") if row["verdict"] != "equal"]

    assert (row["verdict"], row["differing_columns"]) == ("differs", ["created_at"])


def test_an_account_that_was_deleted_is_a_change_without_an_update(asked: Asked) -> None:
    """What a deleted account did belongs to the ghost from then on; the records keep their last update."""
    ghost = {"id": 10137, "login": "ghost"}
    asked.tell(f"/repos/{REPOSITORY}/pulls/1", PULLS[0] | {"user": ghost})
    asked.tell(f"/repos/{REPOSITORY}/pulls/2", PULLS[1] | {"user": ghost, "state": "closed"})

    rows = {row["record_key"]: row for row in asked.staged.samples("pull_requests")}

    of_ghost = rows[f"{REPOSITORY} 1"]
    assert (of_ghost["verdict"], of_ghost["differing_columns"]) == ("unversioned_change", ["author_token"])
    assert "#" in of_ghost["differences"][0]
    assert rows[f"{REPOSITORY} 2"]["verdict"] == "differs"


def test_an_answer_about_another_record_is_red(asked: Asked) -> None:
    asked.tell(f"/repos/{REPOSITORY}/pulls/1", PULLS[1])

    found = {row["record_key"]: row for row in asked.staged.samples("pull_requests")}

    assert "differs" in verdicts(list(found.values()))


@pytest.mark.parametrize(
    ("total", "red"),
    [
        (5, set()),
        (9, {"source_totals_arrived"}),
        (2, {"source_totals_not_exceeded"}),
    ],
)
def test_a_search_counts_pull_requests(asked: Asked, total: int, red: set[str]) -> None:
    asked.tell("/search/issues", counted(total))

    asked.staged.totals("pull_requests")

    assert {name for name, _ in asked.staged.red()} == red
    assert any("is%3Apr" in target for target in asked.github.asked())


def test_a_count_that_the_source_calls_incomplete_is_told_and_not_compared(asked: Asked) -> None:
    asked.tell("/search/issues", counted(2, is_incomplete=True))

    (row,) = asked.staged.totals("pull_requests")

    assert (row["verdict"], row["total_count"]) == ("partial", 2)
    assert {name for name, _ in asked.staged.red()} == {"source_totals_were_told"}


def test_the_last_page_of_one_record_each_counts_deployments(asked: Asked) -> None:
    (row,) = asked.staged.totals("deployments")

    assert (row["total_count"], row["staged_count"], row["verdict"]) == (3, 3, "compared")


def test_a_first_day_goes_into_the_search_and_leaves_out_what_it_makes_incomparable(asked: Asked) -> None:
    asked.staged.since = date(2026, 1, 6)
    asked.tell("/search/issues", counted(0))

    (row,) = asked.staged.totals("pull_requests")

    assert (row["total_count"], row["staged_count"], row["tolerance_count"]) == (0, 0, 1)
    assert any("updated%3A%3E%3D2026-01-06" in target for target in asked.github.asked())
    assert asked.staged.totals("deployments") == []
