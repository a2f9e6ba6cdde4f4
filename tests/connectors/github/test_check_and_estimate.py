from datetime import UTC, datetime
from pathlib import Path

import msgspec

from connectors.http.checks import clock
from connectors.reports import Diagnosis
from tests.connectors.github.small_github import REPOSITORY, SmallGitHub, pull
from tests.connectors.workspace import FakeTime, open_store
from tests.replay.lists import Record
from tests.replay.loopback import LoopbackServer, Response


def healthy() -> SmallGitHub:
    github = SmallGitHub()
    github.documents[f"/repos/{REPOSITORY}"] = b'{"id":1,"full_name":"acme/shop"}'
    return github


def check(github: SmallGitHub, folder: Path, *, time: FakeTime | None = None) -> dict[str, Diagnosis]:
    now = time or FakeTime(datetime.now(UTC))
    with github.server, open_store(folder) as store:
        return {each.name: each for each in github.source(store, now).check()}


def test_a_source_in_order_says_what_is_left_of_the_limit(tmp_path: Path) -> None:
    found = check(healthy(), tmp_path)
    assert all(diagnosis.is_ok for diagnosis in found.values())
    assert "4999 of 5000" in found["credentials"].message
    assert set(found) == {"credentials", "repository", "clock"}


def test_a_rejected_token_is_told_with_its_remedy(tmp_path: Path) -> None:
    github = healthy()
    github.fault = lambda _: Response(b'{"message":"Bad credentials"}', 401)
    found = check(github, tmp_path)
    assert not found["credentials"].is_ok
    assert "Renew" in found["credentials"].remedy
    assert "repository" not in found


def test_a_server_without_rate_limits_is_in_order(tmp_path: Path) -> None:
    github = healthy()
    github.fault = lambda request: Response(b"{}", 404) if request.path == "/rate_limit" else None
    assert check(github, tmp_path)["credentials"].is_ok


def test_a_repository_that_cannot_be_seen_is_named(tmp_path: Path) -> None:
    found = check(SmallGitHub(), tmp_path)
    assert not found["repository"].is_ok
    assert "token cannot see it" in found["repository"].message


def test_a_clock_that_is_off_is_told() -> None:
    told = clock(3600.0, host="api.github.com")
    assert not told.is_ok
    assert "3600 s ahead" in told.message
    assert clock(-59.0, host="api.github.com").is_ok


def test_the_time_that_a_server_on_this_machine_simulates_is_no_fault(tmp_path: Path) -> None:
    github = healthy()
    old = {"Date": "Sun, 22 Nov 2026 11:00:00 GMT"}
    limit = b'{"resources":{"core":{"limit":5000,"remaining":1,"reset":1}}}'
    github.fault = lambda request: Response(
        limit if request.path == "/rate_limit" else b'{"full_name":"acme/shop"}', headers=old
    )
    found = check(github, tmp_path, time=FakeTime())
    assert found["clock"].is_ok
    assert "3600 s ahead" in found["clock"].message


def test_scopes_of_classic_tokens_are_checked(tmp_path: Path) -> None:
    github = healthy()
    limit = b'{"resources":{"core":{"limit":5000,"remaining":1,"reset":1}}}'
    scopes = {"X-OAuth-Scopes": "repo, gist"}
    github.fault = lambda request: Response(limit, headers=scopes) if request.path == "/rate_limit" else None
    found = check(github, tmp_path)
    assert not found["scopes"].is_ok
    assert "read:org" in found["scopes"].remedy


def test_a_server_that_is_not_there_is_told_without_a_long_wait(tmp_path: Path) -> None:
    github = SmallGitHub()
    github.server = LoopbackServer(lambda _: Response())
    with github.server:
        pass
    time = FakeTime()
    with open_store(tmp_path) as store:
        (found,) = github.source(store, time).check()
    assert (found.name, found.is_ok) == ("connection", False)
    assert time.slept_seconds < 10


def test_an_estimate_counts_records_with_one_request_each(tmp_path: Path) -> None:
    github = healthy()
    github.put("pulls", *[pull(number, updated=1) for number in range(1, 346)])
    github.put("issues", *[pull(number, updated=1) for number in range(1, 401)])
    github.put("pulls/comments")
    github.put("commits", *[{"sha": str(number), "parents": []} for number in range(1234)])
    github.put("tags", {"name": "v1"})
    with github.server, open_store(tmp_path) as store:
        estimates = {each.stream: each for each in github.source(store, FakeTime()).estimate()}
        assert len(github.asked()) <= 10
    assert estimates["pull_requests"].requests == 4
    assert estimates["reviews"].requests == 345
    assert estimates["timeline"].requests == 400
    assert estimates["commits"].requests == 13
    assert estimates["tags"].requests == 1
    assert estimates["pull_requests"].bytes >= 345 * 50


def test_an_estimate_of_an_organisation_scales_from_a_few_repositories(tmp_path: Path) -> None:
    github = SmallGitHub()
    names = [f"acme/r{number:03d}" for number in range(50)]
    github.lists["/orgs/acme/repos"] = [Record(msgspec.json.encode({"full_name": name})) for name in names]
    for name in names:
        github.put("pulls", *[pull(number, updated=1) for number in range(1, 201)], repository=name)
    with github.server, open_store(tmp_path) as store:
        source = github.source(store, FakeTime(), organisation="acme", repositories=())
        estimates = {each.stream: each for each in source.estimate()}
        assert len(github.asked()) < 50
    assert estimates["repositories"].requests == 1
    assert estimates["reviews"].requests == 10_000
    assert 100 <= estimates["pull_requests"].requests <= 130
