"""Pull requests of more than 250 commits, which their own listing cuts off."""

from pathlib import Path
from typing import Any

import msgspec

from tests.connectors.github.small_github import REPOSITORY, SmallGitHub, pull
from tests.connectors.workspace import FakeTime, landed, open_store, windows
from tests.replay.lists import Record
from tests.replay.loopback import Response

BASE, HEAD = "b" * 40, "a" * 40
COMPARISON = f"/repos/{REPOSITORY}/compare/{BASE}...{HEAD}"


def commits(count: int) -> list[dict[str, Any]]:
    return [{"sha": f"{number:040d}"} for number in range(count)]


def github_with(count: int, **ends: Any) -> SmallGitHub:
    github = SmallGitHub()
    both = {"head": {"sha": HEAD}, "base": {"sha": BASE}} | ends
    github.put("pulls", pull(1, updated=5) | both, pull(2, updated=4) | both)
    github.put("pulls/1/commits", *commits(min(count, 250)))
    github.put("pulls/2/commits", *commits(3))
    github.lists[COMPARISON] = [Record.of(commit) for commit in commits(count)]
    return github


def shas(page: dict[str, Any]) -> list[str]:
    value = msgspec.json.decode(page["body"])
    return [commit["sha"] for commit in (value["commits"] if isinstance(value, dict) else value)]


def test_the_commits_past_the_250th_are_compared_and_no_others_cost_a_request(tmp_path: Path) -> None:
    github = github_with(345)
    with github.server, open_store(tmp_path) as store:
        github.extract(store, "pull_requests")
        github.asked()
        report = github.extract(store, "pull_request_commits")
        assert report.failures == ()
        assert report.requests == 3 + 1 + 4
        of_long = [page for page in landed(store, "pull_request_commits") if page["parent_key"] == "1"]
        assert {sha for page in of_long for sha in shas(page)} == {commit["sha"] for commit in commits(345)}
        (window,) = [row for row in windows(store, "pull_request_commits") if row["parent_key"] == "1"]
        assert len(window["page_indexes"]) == 7
        assert github.extract(store, "pull_request_commits").requests == 0


def test_249_commits_need_no_comparison(tmp_path: Path) -> None:
    github = github_with(249)
    with github.server, open_store(tmp_path) as store:
        github.extract(store, "pull_requests")
        github.asked()
        github.extract(store, "pull_request_commits")
        assert not [target for target in github.asked() if "compare" in target]


def test_a_comparison_that_fails_leaves_the_set_open_for_the_next_run(tmp_path: Path) -> None:
    github = github_with(300)
    with github.server, open_store(tmp_path) as store:
        github.extract(store, "pull_requests")
        github.fault = lambda request: Response(status=500) if "compare" in request.path else None
        report = github.extract(store, "pull_request_commits")
        assert [failure.parent_key for failure in report.failures] == ["1"]
        assert {row["parent_key"] for row in windows(store, "pull_request_commits")} == {"2"}
        github.fault = lambda _: None
        assert github.extract(store, "pull_request_commits").failures == ()
        assert {row["parent_key"] for row in windows(store, "pull_request_commits")} == {"1", "2"}


def test_a_long_pull_request_without_ends_says_that_its_commits_are_incomplete(tmp_path: Path) -> None:
    github = github_with(300, head=None)
    with github.server, open_store(tmp_path) as store:
        github.extract(store, "pull_requests", time=FakeTime())
        (failure,) = github.extract(store, "pull_request_commits").failures
        assert "names no base or head" in str(failure.error)
