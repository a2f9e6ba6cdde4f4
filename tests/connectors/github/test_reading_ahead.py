"""Long listings are read side by side: nothing is lost, whatever changes, for hardly a request more."""

import random
import time as clocks
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.committer import BatchLimits
from connectors.http import rules
from connectors.reports import StreamReport
from connectors.runtime import Runtime
from tests.connectors.github.small_github import REPOSITORY, SmallGitHub
from tests.connectors.workspace import FakeTime, landed_records, open_store, windows
from tests.replay.loopback import Request, Response

CONCURRENCY = 6
START = datetime(2026, 1, 1, tzinfo=UTC)


class RealTime(FakeTime):
    """The machine's own clock for durations: what pays is measured."""

    def runtime(self) -> Runtime:
        fake = super().runtime()
        return Runtime(
            clock=fake.clock, monotonic=clocks.monotonic, sleep=fake.sleep, generator=fake.generator
        )


@pytest.fixture(autouse=True)
def short_listings_count_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "LEAST_PAGES", 3)
    monkeypatch.setattr(rules, "LEAST_PAGES_FOR_HOPS", 3)


def at(minute: int) -> str:
    return (START + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ")


def item(number: int, *, updated: int) -> dict[str, Any]:
    return {"id": number, "number": number, "created_at": at(number), "updated_at": at(updated)}


class Slow(SmallGitHub):
    """Thinks before each answer, and does something at the n-th request."""

    def __init__(self) -> None:
        super().__init__()
        self.deeds: dict[int, Any] = {}
        self.count = 0
        self.fault = lambda _: None

    def _answer(self, request: Request) -> Response:
        self.count += 1
        deed = self.deeds.get(self.count)
        if deed is not None:
            deed()
        answer = super()._answer(request)
        return Response(answer.body, answer.status, answer.headers, delay_seconds=0.02)

    def read(self, store: Any, stream: str, **settings: Any) -> StreamReport:
        return self.extract(store, stream, time=RealTime(), concurrency=CONCURRENCY, **settings)


def numbers(records: list[Any]) -> set[int]:
    return {record["number"] for record in records}


def newest(records: list[Any]) -> dict[int, str]:
    """The last update by number, as an upsert by number keeps it."""
    found: dict[int, str] = {}
    for record in records:
        found[record["number"]] = max(found.get(record["number"], ""), record["updated_at"])
    return found


def test_pull_requests_are_read_side_by_side_in_the_order_of_their_creation(tmp_path: Path) -> None:
    github = Slow()
    github.put("pulls", *[item(number, updated=5000 - number) for number in range(1000)])
    with github.server, open_store(tmp_path) as store:
        report = github.read(store, "pull_requests")
        assert report.requests == 11  # one more than pages: the first is read in both orders
        assert numbers(landed_records(store, "pull_requests")) == set(range(1000))
        assert 1 < github.server.most_at_once <= CONCURRENCY
        again = github.read(store, "pull_requests")
        assert (again.requests, again.not_modified) == (1, 1)


def test_pull_requests_that_change_meanwhile_come_in_their_newest_version(tmp_path: Path) -> None:
    github = Slow()
    pulls = [item(number, updated=number) for number in range(1000)]
    github.put("pulls", *pulls)
    dice = random.Random(1)
    for request in range(2, 11):
        github.deeds[request] = lambda: change(github, pulls, dice, name="pulls")
    with github.server, open_store(tmp_path) as store:
        github.read(store, "pull_requests")
        github.deeds.clear()
        github.read(store, "pull_requests")
        assert newest(landed_records(store, "pull_requests")) == {
            pull["number"]: pull["updated_at"] for pull in pulls
        }


def change(github: SmallGitHub, items: list[dict[str, Any]], dice: random.Random, *, name: str) -> None:
    """Five items change, and one comes."""
    now = max(int(each["minute"]) if "minute" in each else 5000 for each in items) + 10
    for position, each in enumerate(dice.sample(items, 5)):
        each |= {"minute": now + position, "updated_at": at(now + position)}
    items.append(item(len(items), updated=now + 9) | {"minute": now + 9})
    github.put(name, *items)


@pytest.mark.parametrize("seed", range(4))
def test_issues_are_read_in_hops_and_none_is_lost(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    minutes = list(uneven(dice, 1500))
    issues = [item(number, updated=minute) for number, minute in enumerate(minutes)]
    github = Slow()
    github.put("issues", *issues)
    for request in range(3, 16, 2):
        github.deeds[request] = lambda: change(github, issues, dice, name="issues")
    with github.server, open_store(tmp_path) as store:
        report = github.read(store, "issues")
        assert not report.failures
        assert github.server.most_at_once <= CONCURRENCY
        github.deeds.clear()
        github.read(store, "issues")
        found = newest(landed_records(store, "issues"))
        assert found == {issue["number"]: issue["updated_at"] for issue in issues}


def uneven(dice: random.Random, count: int) -> Iterator[int]:
    """Minutes with bursts, pauses and ties."""
    minute = 0
    for _ in range(count):
        minute += dice.choice((0, 0, 1, 1, 2, 3, dice.choice((0, 40))))
        yield min(minute, 4900)


def test_even_hops_cost_about_a_tenth_more_requests(tmp_path: Path) -> None:
    github = Slow()
    github.put("issues", *[item(number, updated=number) for number in range(2000)])
    with github.server, open_store(tmp_path) as store:
        report = github.read(store, "issues")
        assert 1 < github.server.most_at_once <= CONCURRENCY
        assert report.requests <= 20 * 1.1 + 4
        assert numbers(landed_records(store, "issues")) == set(range(2000))


def test_where_a_rate_binds_issues_are_followed_link_by_link(tmp_path: Path) -> None:
    github = Slow()
    github.put("issues", *[item(number, updated=number) for number in range(600)])
    with github.server, open_store(tmp_path) as store:
        report = github.read(store, "issues", points_per_minute=60_000)
        assert (report.requests, github.server.most_at_once) == (6, 1)


def commits(count: int) -> list[dict[str, Any]]:
    """A straight history, newest first."""
    return [
        {"sha": f"{number:040x}", "parents": [{"sha": f"{number - 1:040x}"}] if number else []}
        for number in reversed(range(count))
    ]


def test_commits_are_read_side_by_side_from_the_newest_that_was_listed(tmp_path: Path) -> None:
    github = Slow()
    github.put("commits", *commits(1000))
    with github.server, open_store(tmp_path) as store:
        report = github.read(store, "commits")
        assert report.requests == 10
        assert 1 < github.server.most_at_once <= CONCURRENCY
        later = [target for target in github.asked() if "page=1" not in target][1:]
        assert all(f"sha={999:040x}" in target for target in later)
        shas = [record["sha"] for record in landed_records(store, "commits")]
        assert shas == [commit["sha"] for commit in commits(1000)]


@pytest.mark.parametrize("stream", ["pull_requests", "issues", "commits"])
def test_a_reading_that_breaks_goes_on_where_it_was(tmp_path: Path, stream: str) -> None:
    github = Slow()
    github.put("pulls", *[item(number, updated=number) for number in range(1500)])
    github.put("issues", *[item(number, updated=number) for number in range(1500)])
    github.put("commits", *commits(1500))

    def break_off(_: Request) -> Response | None:
        return Response(b"{}", 404) if github.count > 8 else None

    with github.server, open_store(tmp_path) as store:
        github.fault = break_off
        broken = github.read(store, stream, limits=BatchLimits(pages=2))
        assert [failure.scope for failure in broken.failures] == [REPOSITORY]
        assert not windows(store, stream)
        assert 0 < broken.pages < 14
        github.fault = lambda _: None
        went_on = github.read(store, stream)
        assert not went_on.failures
        key = "sha" if stream == "commits" else "number"
        records = landed_records(store, stream)
        assert len({record[key] for record in records}) == 1500
        assert len(records) < 1500 * 1.25
