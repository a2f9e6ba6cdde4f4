"""A real repository, whole: everything arrives, once, and an unchanged second run transfers no body again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.evidence import EvidenceStore
from connectors.github.config import GitHubConfig
from connectors.github.source import GitHubSource
from connectors.reports import StreamReport
from tests.connectors.workspace import FakeTime, open_store, windows
from tests.replay.loopback import LoopbackServer
from tests.replay.recorded import FULL_NAME, RecordedRepository

EXPECTED = {
    "pull_requests": 1308,
    "reviews": 2592,
    "review_comments": 6018,
    "pull_request_commits": 3288,
    "issues": 1308 + 517,
    "timeline": 36_934,
    "commits": 2866,
    "tags": 12,
}


@pytest.fixture(scope="module")
def recorded(payloads: Path) -> RecordedRepository:
    return RecordedRepository(payloads / "github" / "secp256k1")


@pytest.fixture(scope="module")
def served(recorded: RecordedRepository) -> Iterator[LoopbackServer]:
    with recorded.serve() as server:
        yield server


@pytest.fixture(scope="module")
def extracted(
    served: LoopbackServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[EvidenceStore, list[StreamReport]]]:
    with open_store(tmp_path_factory.mktemp("secp256k1")) as store:
        yield store, extract_all(served, store)


def extract_all(server: LoopbackServer, store: EvidenceStore) -> list[StreamReport]:
    config = GitHubConfig(name="github", base_url=server.base_url, repositories=(FULL_NAME,), token="t")
    source = GitHubSource(config, store=store, runtime=FakeTime().runtime())
    return [source.extract(stream.name, run_id="run") for stream in source.streams]


def test_every_recorded_object_arrives_once(
    extracted: tuple[EvidenceStore, list[StreamReport]], recorded: RecordedRepository
) -> None:
    store, reports = extracted
    counts = {report.stream: report.records for report in reports}
    assert {name: counts[name] for name in EXPECTED} == EXPECTED
    assert recorded.count("/timeline") == EXPECTED["timeline"]
    totals = {total.stream: total.records for total in store.totals()}
    assert {name: totals[name] for name in EXPECTED} == EXPECTED
    assert [report.failures for report in reports if report.failures] == []


def test_no_more_is_asked_than_the_api_needs(
    extracted: tuple[EvidenceStore, list[StreamReport]],
) -> None:
    requests = {report.stream: report.requests for report in extracted[1]}
    assert requests["pull_requests"] == 14
    assert requests["review_comments"] == 61
    assert requests["issues"] == 19
    assert requests["commits"] == 29
    assert requests["reviews"] == requests["pull_request_commits"] == 1308
    assert requests["timeline"] == 1854


def test_every_parent_has_its_closed_window(extracted: tuple[EvidenceStore, list[StreamReport]]) -> None:
    closed = windows(extracted[0], "timeline")
    assert len(closed) == len({window["parent_key"] for window in closed}) == 1825
    assert sum(window["record_count"] for window in closed) == EXPECTED["timeline"]


def test_an_unchanged_second_run_transfers_no_body_but_the_overlap(
    extracted: tuple[EvidenceStore, list[StreamReport]], served: LoopbackServer
) -> None:
    store, _ = extracted
    second = {report.stream: report for report in extract_all(served, store)}
    third = {report.stream: report for report in extract_all(served, store)}
    assert sum(report.requests for report in second.values()) <= 10
    assert {name for name, report in second.items() if report.bytes} <= {
        "issues",
        "review_comments",
        "workflow_runs",
    }
    assert sum(report.bytes for report in third.values()) == 0
    assert all(report.requests == report.not_modified for report in third.values())


def test_a_change_costs_its_own_pages_and_its_children(
    extracted: tuple[EvidenceStore, list[StreamReport]],
    served: LoopbackServer,
    recorded: RecordedRepository,
) -> None:
    store, _ = extracted
    extract_all(served, store)
    recorded.touch(999, updated_at="2026-09-01T00:00:00Z")
    changed = {report.stream: report.requests for report in extract_all(served, store)}
    assert changed["pull_requests"] == changed["reviews"] == changed["timeline"] == 1
    assert sum(changed.values()) <= 14
