"""Replies of real Jira sites, read by the source: every recorded object arrives."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.connectors.jira.recorded import RecordedSite
from tests.connectors.jira.site import END, open_source
from tests.connectors.workspace import FakeTime, landed, open_store
from tests.replay.loopback import LoopbackServer

EXPECTED = {
    "projects": 12,
    "statuses": 53,
    "issue_types": 7,
    "users": 35,
    "issues": 36,
    "changelogs": 36,
    "worklog_updates": 30,
    "worklogs": 30,
    "boards": 5,
    "sprints": 31,
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, payloads: Path) -> dict[str, list[Any]]:
    """The bodies that were kept of each stream."""
    site = RecordedSite(payloads)
    with LoopbackServer(site) as server, open_store(tmp_path_factory.mktemp("recorded")) as store:
        source = open_source(server.base_url, store, FakeTime(now=END), is_cloud=True, custom_fields=())
        for stream in ("fields", *EXPECTED):
            assert source.extract(stream, run_id="run").failures == (), stream
        return {
            stream: [msgspec.json.decode(row["body"]) for row in landed(store, stream)] for stream in EXPECTED
        }


@pytest.mark.parametrize(("stream", "count"), EXPECTED.items())
def test_every_recorded_object_arrives(pages: dict[str, list[Any]], stream: str, count: int) -> None:
    read = 0
    for body in pages[stream]:
        lists = (
            [value for value in body.values() if isinstance(value, list)]
            if isinstance(body, dict)
            else [body]
        )
        read += len(lists[0])
    assert read == count


def test_every_recorded_change_arrives(pages: dict[str, list[Any]]) -> None:
    entries = [
        entry["id"]
        for body in pages["changelogs"]
        for group in body["issueChangeLogs"]
        for entry in group["changeHistories"]
    ]
    assert len(entries) == len(set(entries)) == 522 + 279
