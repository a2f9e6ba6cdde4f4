from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import PermanentSourceError
from tests.connectors.github.small_github import REPOSITORY, SmallGitHub, instant, pull
from tests.connectors.workspace import FakeTime, landed, landed_records, open_store, windows
from tests.replay.loopback import Response


def commit(sha: str, *parents: str) -> dict[str, Any]:
    return {"sha": sha, "parents": [{"sha": parent} for parent in parents]}


def history(*shas: str) -> list[dict[str, Any]]:
    """A straight history, newest first, whose last commit has no parent."""
    return [commit(sha, *shas[at + 1 : at + 2]) for at, sha in enumerate(shas)]


def deployment(number: int, *, day: int, updated: int = 0) -> dict[str, Any]:
    created = f"2026-{9 - number // 30:02d}-{day:02d}T00:00:00Z"
    return {"id": number, "created_at": created, "updated_at": instant(updated)}


def test_pull_requests_are_read_down_to_what_is_known(tmp_path: Path) -> None:
    github = SmallGitHub()
    github.put("pulls", *[pull(number, updated=number) for number in range(1, 451)])
    with github.server, open_store(tmp_path) as store:
        assert github.extract(store, "pull_requests").records == 450
        github.asked()
        github.put("pulls", *[pull(number, updated=number + 500 * (number == 3)) for number in range(1, 451)])
        report = github.extract(store, "pull_requests")
        assert (report.requests, report.pages, report.records) == (1, 1, 100)
        assert landed_records(store, "pull_requests")[450]["number"] == 3


def test_an_unchanged_first_page_ends_the_listing_without_a_body(tmp_path: Path) -> None:
    github = SmallGitHub()
    github.put("pulls", *[pull(number, updated=number) for number in range(1, 250)])
    with github.server, open_store(tmp_path) as store:
        github.extract(store, "pull_requests")
        report = github.extract(store, "pull_requests")
        assert (report.requests, report.not_modified, report.pages, report.bytes) == (1, 1, 0, 0)
        assert windows(store, "pull_requests")[-1]["page_indexes"] == [0]


def test_updates_while_the_listing_is_read_are_not_lost(tmp_path: Path) -> None:
    github = SmallGitHub()
    pulls = [pull(number, updated=number) for number in range(1, 301)]
    github.put("pulls", *pulls)

    def update_one_that_was_not_read_yet(request: Any) -> None:
        if request.query.get("page") == "2":
            pulls[4]["updated_at"] = instant(1000)
            github.put("pulls", *pulls)

    with github.server, open_store(tmp_path) as store:
        github.fault = update_one_that_was_not_read_yet
        github.extract(store, "pull_requests")
        github.fault = lambda _: None
        github.extract(store, "pull_requests")
        newest = {record["number"]: record["updated_at"] for record in landed_records(store, "pull_requests")}
        assert newest == {item["number"]: item["updated_at"] for item in pulls}


def test_history_before_since_is_left_alone(tmp_path: Path) -> None:
    github = SmallGitHub()
    github.put(
        "pulls",
        *[
            pull(number, updated=0) | {"updated_at": f"2026-{1 + number // 31:02d}-01T00:00:00Z"}
            for number in range(300)
        ],
    )
    with github.server, open_store(tmp_path) as store:
        report = github.extract(store, "pull_requests", since=date(2026, 9, 15))
        assert report.requests == 1
        widened = github.extract(store, "pull_requests", since=date(2025, 1, 1))
        assert widened.requests == 3


def test_issues_ask_for_what_changed_since_the_newest_known(tmp_path: Path) -> None:
    github = SmallGitHub()
    github.put("issues", *[pull(number, updated=number) for number in range(1, 251)])
    with github.server, open_store(tmp_path) as store:
        assert github.extract(store, "issues").requests == 3
        github.asked()
        github.put(
            "issues", *[pull(number, updated=number + 300 * (number == 7)) for number in range(1, 251)]
        )
        report = github.extract(store, "issues")
        assert (report.requests, report.records) == (1, 7)
        (asked,) = github.asked()
        assert "since=2026-10-01T04%3A05%3A00Z" in asked
        github.extract(store, "issues")
        unchanged = github.extract(store, "issues")
        assert (unchanged.requests, unchanged.not_modified, unchanged.bytes) == (1, 1, 0)


def test_deployments_are_read_again_for_thirty_days(tmp_path: Path) -> None:
    github = SmallGitHub()
    deployments = [
        {"id": number, "created_at": f"2026-{month:02d}-{day:02d}T00:00:00Z", "updated_at": instant(0)}
        for number, (month, day) in enumerate([(m, d) for m in range(9, 2, -1) for d in range(28, 0, -1)])
    ]
    github.put("deployments", *deployments)
    with github.server, open_store(tmp_path) as store:
        assert github.extract(store, "deployments").records == 196
        github.asked()
        deployments[40]["updated_at"] = instant(5)
        github.put("deployments", *deployments)
        report = github.extract(store, "deployments")
        assert (report.requests, report.pages) == (1, 1)
        assert store.pending_parents(
            source="github", parent_stream="deployments", child_stream="deployment_statuses", scope=REPOSITORY
        )[40].version == instant(5)


def test_children_are_read_once_for_each_version_of_their_parent(tmp_path: Path) -> None:
    github = SmallGitHub()
    github.put("pulls", pull(1, updated=1), pull(2, updated=2), pull(12, updated=3))
    for number in (1, 2, 12):
        github.put(f"pulls/{number}/reviews", {"id": number, "state": "APPROVED"})
    with github.server, open_store(tmp_path) as store:
        github.extract(store, "pull_requests")
        github.asked()
        assert github.extract(store, "reviews").windows_closed == 3
        assert sorted(github.asked()) == [
            f"/repos/{REPOSITORY}/pulls/{number}/reviews?per_page=100" for number in (1, 12, 2)
        ]
        assert [row["parent_key"] for row in landed(store, "reviews")] == ["1", "2", "12"]
        assert github.extract(store, "reviews").requests == 0
        github.put("pulls", pull(1, updated=1), pull(2, updated=90), pull(12, updated=3))
        github.extract(store, "pull_requests")
        report = github.extract(store, "reviews")
        assert (report.requests, report.not_modified, report.windows_closed) == (1, 1, 1)
        assert [window["is_changed"] for window in windows(store, "reviews")] == [True, True, True, False]


def test_a_parent_that_is_gone_is_reported_once(tmp_path: Path) -> None:
    github = SmallGitHub()
    github.put("pulls", pull(1, updated=1), pull(2, updated=2))
    github.put("pulls/2/reviews", {"id": 2})

    github.fault = lambda request: Response(b"{}", 404) if "/pulls/1/" in request.path else None
    with github.server, open_store(tmp_path) as store:
        github.extract(store, "pull_requests")
        report = github.extract(store, "reviews")
        assert [(failure.scope, failure.parent_key) for failure in report.failures] == [(REPOSITORY, "1")]
        assert [window["parent_key"] for window in windows(store, "reviews")] == ["2"]
        assert github.extract(store, "reviews").requests == 0


def test_commits_are_read_until_every_parent_is_known(tmp_path: Path) -> None:
    github = SmallGitHub()
    old = [f"{number:04d}" for number in range(350, 0, -1)]
    github.put("commits", *history(*old))
    with github.server, open_store(tmp_path) as store:
        assert github.extract(store, "commits").requests == 4
        merged = [commit("m", "s", "0350"), commit("s", "0001"), *history(*old)]
        github.put("commits", *merged)
        report = github.extract(store, "commits")
        assert (report.requests, report.pages) == (1, 1)
        unchanged = github.extract(store, "commits")
        assert (unchanged.requests, unchanged.not_modified) == (1, 1)


def test_a_rebased_branch_is_read_as_deep_as_it_is_new(tmp_path: Path) -> None:
    github = SmallGitHub()
    old = [f"{number:04d}" for number in range(350, 0, -1)]
    github.put("commits", *history(*old))
    with github.server, open_store(tmp_path) as store:
        github.extract(store, "commits")
        rewritten = [f"new{number:04d}" for number in range(350, 100, -1)]
        github.put("commits", *history(*rewritten, *old[-100:]))
        report = github.extract(store, "commits")
        assert report.requests == 3
        assert {record["sha"] for record in landed_records(store, "commits")} == {*old, *rewritten}


def test_commits_before_since_are_the_edge_and_not_missing(tmp_path: Path) -> None:
    github = SmallGitHub()
    cut = [commit("c", "b"), commit("b", "a")]
    github.put("commits", *cut)
    with github.server, open_store(tmp_path) as store:
        github.extract(store, "commits", since=date(2026, 9, 1))
        github.put("commits", commit("d", "c"), *cut)
        report = github.extract(store, "commits", since=date(2026, 9, 1))
        assert (report.requests, report.records) == (1, 3)
        github.put("commits", commit("d", "c"), *cut, commit("a"))
        github.extract(store, "commits")
        assert {record["sha"] for record in landed_records(store, "commits")} == {"a", "b", "c", "d"}


def test_a_whole_listing_comes_page_by_page_only_where_it_changed(tmp_path: Path) -> None:
    github = SmallGitHub()
    tags = [{"name": f"v{number}"} for number in range(150)]
    github.put("tags", *tags)
    with github.server, open_store(tmp_path) as store:
        github.extract(store, "tags")
        github.put("tags", *tags[:149], {"name": "other"})
        report = github.extract(store, "tags")
        assert (report.requests, report.not_modified, report.pages) == (2, 1, 1)
        assert windows(store, "tags")[-1]["record_count"] == 150


def test_a_listing_that_grows_past_a_full_last_page_is_not_cut_off(tmp_path: Path) -> None:
    """The first page stays the same byte for byte; only its Link header tells of the second."""
    github = SmallGitHub()
    tags = [{"name": f"v{number}"} for number in range(101)]
    github.put("tags", *tags[:100])
    with github.server, open_store(tmp_path) as store:
        github.extract(store, "tags")
        github.put("tags", *tags)
        report = github.extract(store, "tags")
        assert windows(store, "tags")[-1]["record_count"] == 101
        assert report.pages == 1
        again = github.extract(store, "tags")
        assert (again.requests, again.not_modified) == (2, 2)


def test_a_body_that_comes_again_is_not_landed_again(tmp_path: Path) -> None:
    github = SmallGitHub()
    github.put("tags", {"name": "v1"})
    with github.server, open_store(tmp_path) as store:
        github.extract(store, "tags")

        github.fault = lambda _: Response(b'[{"name":"v1"}]', headers={"ETag": '"another"'})
        report = github.extract(store, "tags")
        assert (report.pages, report.reused_pages, report.not_modified) == (0, 1, 0)
        assert len(landed(store, "tags")) == 1


def test_an_unknown_stream_is_named(tmp_path: Path) -> None:
    github = SmallGitHub()
    with (
        github.server,
        open_store(tmp_path) as store,
        pytest.raises(PermanentSourceError, match="pull_requests"),
    ):
        github.extract(store, "pulls")


def test_what_github_is_asked_with(tmp_path: Path) -> None:
    github = SmallGitHub("/api/v3")
    github.put("tags", {"name": "v1"})
    with github.server, open_store(tmp_path) as store:
        github.extract(store, "tags")
        (request,) = github.server.requests
        assert request.path == f"/api/v3/repos/{REPOSITORY}/tags"
        assert request.headers["x-github-api-version"] == "2022-11-28"
        assert request.headers["accept"] == "application/vnd.github+json"
        assert request.headers["user-agent"] == "assay"
        assert request.headers["authorization"] == "Bearer ghp_planted"
        (row,) = landed(store, "tags")
        assert row["url"] == github.server.base_url + f"/repos/{REPOSITORY}/tags?per_page=100"
        assert "ghp_planted" not in str(row)


def test_a_clock_that_is_off_is_reported(tmp_path: Path) -> None:
    github = SmallGitHub()
    github.put("tags")
    time = FakeTime()
    with github.server, open_store(tmp_path) as store:
        assert github.extract(store, "tags", time=time).clock_skew_seconds is not None
