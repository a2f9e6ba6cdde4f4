"""A run that dies goes on at the page where it died: nothing is lost, nothing is landed twice."""

from pathlib import Path
from typing import Any

import pytest

from connectors.committer import BatchLimits
from connectors.errors import ForeignHostError, TransientSourceError
from connectors.evidence import Batch, CommitResult, EvidenceStore
from connectors.github.config import GitHubConfig
from connectors.github.source import GitHubSource
from tests.connectors.github.small_github import (
    REPOSITORY,
    SMALL_BATCHES,
    TOKEN,
    SmallGitHub,
    instant,
    pull,
)
from tests.connectors.workspace import FakeTime, landed, landed_records, open_store, windows
from tests.replay.loopback import LoopbackServer, Response


class Killed(BaseException):
    """The process ends here."""


def kill_after_commits(store: EvidenceStore, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = store.commit
    commits = 0

    def dying_commit(batch: Batch) -> CommitResult:
        nonlocal commits
        if commits >= count:
            raise Killed
        commits += 1
        return commit(batch)

    monkeypatch.setattr(store, "commit", dying_commit)


@pytest.mark.parametrize("commits", range(5))
@pytest.mark.parametrize("stream", ["pull_requests", "issues"])
def test_a_killed_chain_goes_on_at_its_next_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stream: str, commits: int
) -> None:
    github = SmallGitHub()
    name = {"pull_requests": "pulls"}.get(stream, stream)
    github.put(name, *[pull(number, updated=number) for number in range(1, 901)])
    with github.server:
        with open_store(tmp_path) as store, monkeypatch.context() as patch:
            kill_after_commits(store, commits, patch)
            with pytest.raises(Killed):
                github.extract(store, stream, limits=SMALL_BATCHES)
        github.asked()
        with open_store(tmp_path) as store:
            assert len(landed(store, stream)) == 2 * commits
            github.extract(store, stream, limits=SMALL_BATCHES, run_id="second")
            first = github.asked()[0]
            assert f"page={2 * commits + 1}" in first or commits == 0
            numbers = sorted(record["number"] for record in landed_records(store, stream)[:900])
            assert numbers == list(range(1, 901))
            assert windows(store, stream)[0]["record_count"] == 900
            assert len(landed(store, stream)) <= 10


def test_a_killed_walk_of_the_history_goes_on_and_closes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    github = SmallGitHub()
    shas = [f"{number:04d}" for number in range(800, 0, -1)]
    commits = [
        {"sha": sha, "parents": [{"sha": parent} for parent in shas[at + 1 : at + 2]]}
        for at, sha in enumerate(shas)
    ]
    github.put("commits", *commits)
    with github.server:
        with open_store(tmp_path) as store, monkeypatch.context() as patch:
            kill_after_commits(store, 2, patch)
            with pytest.raises(Killed):
                github.extract(store, "commits", limits=SMALL_BATCHES)
        github.asked()
        with open_store(tmp_path) as store:
            report = github.extract(store, "commits", limits=SMALL_BATCHES, run_id="second")
            assert report.requests == 4 + 1
            assert [record["sha"] for record in landed_records(store, "commits")] == shas


def test_a_history_that_was_rewritten_while_the_walk_was_broken_is_walked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    github = SmallGitHub()

    def straight(shas: list[str]) -> list[dict[str, Any]]:
        return [
            {"sha": sha, "parents": [{"sha": parent} for parent in shas[at + 1 : at + 2]]}
            for at, sha in enumerate(shas)
        ]

    old = [f"old{number:04d}" for number in range(600, 0, -1)]
    github.put("commits", *straight(old))
    with github.server:
        with open_store(tmp_path) as store, monkeypatch.context() as patch:
            kill_after_commits(store, 1, patch)
            with pytest.raises(Killed):
                github.extract(store, "commits", limits=SMALL_BATCHES)
        new = [f"new{number:04d}" for number in range(600, 0, -1)]
        github.put("commits", *straight(new))
        with open_store(tmp_path) as store:
            github.extract(store, "commits", limits=SMALL_BATCHES, run_id="second")
            github.extract(store, "commits", limits=SMALL_BATCHES, run_id="third")
            assert {record["sha"] for record in landed_records(store, "commits")} >= set(new)


def test_children_that_were_committed_are_not_read_again_after_a_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    github = SmallGitHub()
    github.put("pulls", *[pull(number, updated=number) for number in range(1, 31)])
    for number in range(1, 31):
        github.put(f"pulls/{number}/reviews", *[{"id": 1000 * number + at} for at in range(150)])
    with github.server:
        with open_store(tmp_path) as store, monkeypatch.context() as patch:
            github.extract(store, "pull_requests")
            kill_after_commits(store, 7, patch)
            with pytest.raises(Killed):
                github.extract(store, "reviews", limits=BatchLimits(pages=3))
        github.asked()
        with open_store(tmp_path) as store:
            report = github.extract(store, "reviews", limits=BatchLimits(pages=3), run_id="second")
            assert report.requests == 2 * (30 - 10)
            assert report.not_modified == 1
            ids = [record["id"] for record in landed_records(store, "reviews")]
            assert sorted(ids) == sorted(1000 * number + at for number in range(1, 31) for at in range(150))
            assert [window["parent_key"] for window in windows(store, "reviews")] == [
                str(number) for number in range(1, 31)
            ]
            assert {window["record_count"] for window in windows(store, "reviews")} == {150}


def test_a_failing_page_keeps_those_before_it_and_the_next_run_goes_on_there(tmp_path: Path) -> None:
    github = SmallGitHub()
    github.put("pulls", *[pull(number, updated=number) for number in range(1, 501)])
    github.fault = lambda request: Response(status=502) if request.query.get("page") == "4" else None
    with github.server, open_store(tmp_path) as store:
        with pytest.raises(TransientSourceError, match="page=4"):
            github.extract(store, "pull_requests")
        assert len(landed(store, "pull_requests")) == 3
        github.fault = lambda _: None
        github.asked()
        report = github.extract(store, "pull_requests", run_id="second")
        assert (report.requests, report.pages) == (3, 2)
        assert "page=4" in github.asked()[0]
        (closed, fresh) = windows(store, "pull_requests")
        assert (closed["record_count"], closed["run_id"]) == (500, "second")
        assert closed["window_id"].startswith("run:")
        assert fresh["record_count"] == 100


def test_a_next_link_that_has_expired_starts_the_listing_again(tmp_path: Path) -> None:
    github = SmallGitHub()
    github.put("pulls", *[pull(number, updated=number) for number in range(1, 501)])
    github.fault = lambda request: Response(status=502) if request.query.get("page") == "4" else None
    with github.server, open_store(tmp_path) as store:
        with pytest.raises(TransientSourceError):
            github.extract(store, "pull_requests")
        expired = {"is": True}

        def expire_once(request: Any) -> Response | None:
            if expired["is"] and request.query.get("page") == "4":
                expired["is"] = False
                return Response(b'{"message":"cursor has expired"}', 422)
            return None

        github.fault = expire_once
        report = github.extract(store, "pull_requests", run_id="second")
        assert report.failures == ()
        assert windows(store, "pull_requests")[-1]["record_count"] == 500
        assert len(landed(store, "pull_requests")) == 5


def test_a_place_on_a_host_that_is_no_longer_configured_is_not_asked(tmp_path: Path) -> None:
    github, moved = SmallGitHub(), SmallGitHub()
    for each in (github, moved):
        each.put("pulls", *[pull(number, updated=number) for number in range(1, 501)])
    github.fault = lambda request: Response(status=502) if request.query.get("page") == "4" else None
    with github.server, moved.server, open_store(tmp_path) as store:
        with pytest.raises(TransientSourceError):
            github.extract(store, "pull_requests")
        github.asked()
        report = moved.extract(store, "pull_requests", run_id="second")
        assert report.records == 500
        assert github.asked() == []


def test_updates_during_the_break_are_read_in_the_same_run(tmp_path: Path) -> None:
    github = SmallGitHub()
    pulls = [pull(number, updated=number) for number in range(1, 501)]
    github.put("pulls", *pulls)
    github.fault = lambda request: Response(status=502) if request.query.get("page") == "4" else None
    with github.server, open_store(tmp_path) as store:
        with pytest.raises(TransientSourceError):
            github.extract(store, "pull_requests")
        github.fault = lambda _: None
        pulls[2]["updated_at"] = instant(800)
        github.put("pulls", *pulls)
        github.extract(store, "pull_requests", run_id="second")
        newest = {record["number"]: record["updated_at"] for record in landed_records(store, "pull_requests")}
        assert newest == {item["number"]: item["updated_at"] for item in pulls}


def test_a_next_link_to_another_host_never_carries_the_token_there(tmp_path: Path) -> None:
    with LoopbackServer(lambda _: Response(b"[]")) as thief:
        link = {"Link": f'<{thief.base_url}/repos/acme/shop/tags?page=2>; rel="next"'}
        server = LoopbackServer(lambda _: Response(b'[{"name":"v1"}]', headers=link))
        with server, open_store(tmp_path) as store:
            scopes = (REPOSITORY, "acme/other")
            config = GitHubConfig(name="github", base_url=server.base_url, repositories=scopes, token=TOKEN)
            source = GitHubSource(config, store=store, runtime=FakeTime().runtime())
            report = source.extract("tags", run_id="run")
            assert [type(failure.error) for failure in report.failures] == [ForeignHostError] * 2
            assert "tags" in str(report.failures[0].error)
        assert thief.requests == []
