"""A real repository seen at two moments: nothing is missing or stale, what a push removed is gone."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.evidence import EvidenceStore
from connectors.github.config import GitHubConfig
from connectors.github.source import GitHubSource
from connectors.streams import Mode
from tests.connectors.workspace import FakeTime, landed, open_store, windows
from tests.replay.loopback import LoopbackServer
from tests.replay.recorded import FULL_NAME, RecordedRepository
from tests.replay.recorded_earlier import REMOVED_PREFIX, UNTOLD, lists_as_of

EARLIER = "2026-01-01T00:00:00Z"


def extract(server: LoopbackServer, store: EvidenceStore) -> dict[str, int]:
    config = GitHubConfig(name="github", base_url=server.base_url, repositories=(FULL_NAME,), token="t")
    source = GitHubSource(config, store=store, runtime=FakeTime().runtime())
    reports = {stream.name: source.extract(stream.name, run_id="run") for stream in source.streams}
    assert all(report.failures == () for report in reports.values())
    return {name: report.requests for name, report in reports.items()}


def current(store: EvidenceStore, mode: Mode, stream: str) -> dict[Any, Any]:
    """What holds by now, combined as staging does: by key, or the newest set of each parent."""
    bodies = {row["log_index"]: msgspec.json.decode(row["body"]) for row in landed(store, stream)}
    if mode is Mode.REPLACE_SET:
        found: dict[Any, Any] = {}
        for window in windows(store, stream):
            pages = [bodies[index] for index in window["page_indexes"]]
            found[window["parent_key"]] = [record for page in pages for record in page]
        return found
    newest: dict[Any, Any] = {}
    for index in sorted(bodies):
        for record in bodies[index] if isinstance(bodies[index], list) else [bodies[index]]:
            key = record.get("id") or record["sha"]
            if key not in newest or record.get("updated_at", "") >= newest[key].get("updated_at", ""):
                newest[key] = record
    return newest


@pytest.fixture(scope="module")
def recorded(payloads: Path) -> RecordedRepository:
    return RecordedRepository(payloads / "github" / "secp256k1")


@pytest.mark.slow
def test_two_moments_end_in_what_one_reading_of_the_later_gives(
    tmp_path: Path, recorded: RecordedRepository
) -> None:
    final = dict(recorded.lists)
    modes = {"pull_requests": Mode.UPSERT, "issues": Mode.UPSERT, "review_comments": Mode.UPSERT}
    modes |= dict.fromkeys(("reviews", "pull_request_commits", "timeline", "tags"), Mode.REPLACE_SET)
    modes |= {"commits": Mode.APPEND}
    with open_store(tmp_path / "two") as two, open_store(tmp_path / "one") as one, recorded.serve() as server:
        recorded.lists.clear()
        recorded.lists.update(lists_as_of(recorded_of(final, recorded), EARLIER))
        extract(server, two)
        held = current(two, Mode.REPLACE_SET, "pull_request_commits")
        replaced = {
            number
            for number, commits in held.items()
            if any(each["sha"].startswith(REMOVED_PREFIX) for each in commits)
        }
        assert len(replaced) >= 15
        recorded.lists.clear()
        recorded.lists.update(final)
        requests = extract(server, two)
        extract(server, one)
        for stream, mode in modes.items():
            found, expected = current(two, mode, stream), current(one, mode, stream)
            if stream == "timeline":
                check_timeline(found, expected)
            else:
                assert found == expected, stream
        commits = current(two, Mode.REPLACE_SET, "pull_request_commits")
        assert not any(
            each["sha"].startswith(REMOVED_PREFIX) for number in replaced for each in commits[number]
        )
        assert requests["reviews"] < 400


def recorded_of(lists: dict[str, Any], recorded: RecordedRepository) -> RecordedRepository:
    """The recording with its lists back in place, to be rebuilt from."""
    recorded.lists.update(lists)
    return recorded


def check_timeline(found: dict[str, list[Any]], expected: dict[str, list[Any]]) -> None:
    """Only events that do not move an item's last update may wait for the item's next change."""
    assert found.keys() == expected.keys()
    late = [event["event"] for number in expected for event in expected[number] if event not in found[number]]
    assert set(late) <= UNTOLD
    assert not [event for number in found for event in found[number] if event not in expected[number]]
