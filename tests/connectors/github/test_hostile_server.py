"""What a server may do to a source, end to end: evidence stays whole and nothing hangs."""

import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.errors import PermanentSourceError, TransientSourceError
from connectors.http.retries import RetryPolicy
from tests.connectors.github.small_github import SmallGitHub, pull
from tests.connectors.workspace import FakeTime, landed, landed_records, open_store, windows
from tests.replay.loopback import Request, Response


def test_a_listing_whose_next_link_points_at_itself_ends(tmp_path: Path) -> None:
    github = SmallGitHub()

    def circle(request: Request) -> Response:
        link = f'<{github.server.base_url}{request.target}>; rel="next"'
        return Response(b'[{"name":"v1"}]', headers={"Link": link})

    github.fault = circle
    with github.server, open_store(tmp_path) as store:
        report = github.extract(store, "tags")
        assert "does not end" in str(report.failures[0].error)
        assert len(github.asked()) == 1


def test_a_listing_that_repeats_a_page_under_ever_new_links_ends(tmp_path: Path) -> None:
    github = SmallGitHub()

    def endless(request: Request) -> Response:
        at = int(request.query.get("page", "1"))
        link = f'<{github.server.base_url}{request.path}?page={at + 1}>; rel="next"'
        return Response(b'[{"name":"v1"}]', headers={"Link": link})

    github.fault = endless
    with github.server, open_store(tmp_path) as store:
        report = github.extract(store, "tags")
        assert "byte for byte" in str(report.failures[0].error)
        assert len(github.asked()) == 2
        assert windows(store, "tags") == []


def test_a_listing_of_empty_pages_without_end_ends(tmp_path: Path) -> None:
    github = SmallGitHub()

    def endless(request: Request) -> Response:
        at = int(request.query.get("page", "1"))
        link = f'<{github.server.base_url}{request.path}?page={at + 1}>; rel="next"'
        return Response(b"[]", headers={"Link": link})

    github.fault = endless
    with github.server, open_store(tmp_path) as store:
        report = github.extract(store, "tags")
        assert "were empty" in str(report.failures[0].error)
        assert len(github.asked()) < 20


def test_a_listing_with_ever_new_records_ends_at_the_cap(tmp_path: Path) -> None:
    github = SmallGitHub()

    def endless(request: Request) -> Response:
        at = int(request.query.get("page", "1"))
        link = f'<{github.server.base_url}{request.path}?page={at + 1}>; rel="next"'
        return Response(b'[{"name":"v%d"}]' % at, headers={"Link": link})

    github.fault = endless
    with github.server, open_store(tmp_path) as store:
        source = github.source(store, FakeTime())
        source._engine.streams = tuple(replace(stream, max_pages=7) for stream in source.streams)
        (failure,) = source.extract("tags", run_id="run").failures
        assert "more than 7 pages" in str(failure.error)
        assert len(github.asked()) == 7


def test_a_burst_of_limits_and_failures_loses_nothing(tmp_path: Path) -> None:
    github = SmallGitHub()
    github.put("pulls", *[pull(number, updated=number) for number in range(1, 41)])
    for number in range(1, 41):
        github.put(f"pulls/{number}/reviews", {"id": number})
    faults = [
        Response(b"{}", 429, {"Retry-After": "2"}),
        Response(b'{"message":"secondary rate limit"}', 403),
        Response(status=502),
        Response(is_reset=True),
        Response(b'[{"id', 200),
        Response(b"<html>", headers={"Content-Type": "text/html"}),
        Response(b"[1,2,3]", cut_at=2),
    ] * 3

    def burst(request: Request) -> Response | None:
        return faults.pop() if "/reviews" in request.path and faults else None

    time = FakeTime()
    with github.server, open_store(tmp_path) as store:
        github.extract(store, "pull_requests", time=time)
        github.fault = burst
        policy = RetryPolicy(
            max_attempts=22, max_unreadable=22, max_limits=22
        )  # few may be under way by then
        report = github.extract(store, "reviews", time=time, concurrency=8, policy=policy)
        assert report.failures == ()
        assert report.retries == 21
        assert [record["id"] for record in landed_records(store, "reviews")] == list(range(1, 41))


def test_no_more_requests_are_in_flight_than_allowed(tmp_path: Path) -> None:
    github = SmallGitHub()
    github.put("pulls", *[pull(number, updated=number) for number in range(1, 41)])
    github.fault = lambda request: Response(delay_seconds=0.01) if "/reviews" in request.path else None
    with github.server, open_store(tmp_path) as store:
        github.extract(store, "pull_requests")
        github.extract(store, "reviews", concurrency=5)
    assert github.server.most_at_once == 5


def test_a_bomb_in_one_repository_is_a_failure_of_that_repository(tmp_path: Path) -> None:
    github = SmallGitHub()
    bomb = gzip.compress(b"[" + b" " * 80_000_000 + b"]")
    github.put("tags", {"name": "v1"}, repository="acme/good")

    def armed(request: Request) -> Response | None:
        is_bad = "/bad/" in request.path
        return Response(bomb, headers={"Content-Encoding": "gzip"}) if is_bad else None

    github.fault = armed
    with github.server, open_store(tmp_path) as store:
        report = github.extract(store, "tags", repositories=("acme/bad", "acme/good"))
        assert [failure.scope for failure in report.failures] == ["acme/bad"]
        assert [row["scope"] for row in landed(store, "tags")] == ["acme/good"]


def test_a_secret_that_the_server_puts_into_links_is_not_kept(tmp_path: Path) -> None:
    github = SmallGitHub()

    def leaky(request: Request) -> Response:
        if "page" in request.query:
            return Response(b'[{"name":"v2"}]', headers={"Set-Cookie": "session=abc"})
        link = f'<{github.server.base_url}{request.path}?page=2&access_token=leaked>; rel="next"'
        return Response(b'[{"name":"v1"}]', headers={"Link": link, "ETag": '"1"'})

    github.fault = leaky
    with github.server, open_store(tmp_path) as store:
        assert github.extract(store, "tags").records == 2
        rows = landed(store, "tags")
        assert rows[1]["url"].endswith("page=2&access_token=***")
        store.close()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert b"leaked" not in path.read_bytes()
            assert b"session=abc" not in path.read_bytes()
            assert b"ghp_planted" not in path.read_bytes()


def test_a_server_that_is_down_does_not_keep_a_stream_busy_for_hours(tmp_path: Path) -> None:
    github = SmallGitHub()
    github.fault = lambda _: Response(status=503)
    time = FakeTime()
    repositories = tuple(f"acme/r{number}" for number in range(200))
    down = pytest.raises(TransientSourceError)
    with github.server, open_store(tmp_path) as store, down:
        github.extract(store, "tags", time=time, repositories=repositories)
    assert len(github.asked()) < 60
    assert time.slept_seconds < 600


def test_html_at_base_url_names_the_likely_cause(tmp_path: Path) -> None:
    github = SmallGitHub()
    github.fault = lambda _: Response(b"<html>", headers={"Content-Type": "text/html"})
    with github.server, open_store(tmp_path) as store:
        (failure,) = github.extract(store, "tags").failures
        assert isinstance(failure.error, PermanentSourceError)
        assert "base_url" in str(failure.error)
