"""A source that fails loses nothing of the others, and the run says who failed."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import httpcore
import pytest

from connectors.errors import PermanentSourceError, TransientSourceError, UnreachableSourceError
from connectors.http.connections import Connection
from connectors.pagerduty.kind import KIND
from orchestration.assets.streams import RETRIES, what_to_raise
from orchestration.command import main
from orchestration.flow.extraction import extract_stream
from orchestration.run_record import NobodyWatches
from orchestration.running import reason_of, run_workspace
from orchestration.session import open_session
from orchestration.workspace import Workspace
from tests.orchestration.fetching import fetch
from tests.replay.loopback import LoopbackServer, Response

MakeWorkspace = Callable[..., Workspace]
TWO_SOURCES = """
organisation: acme
sources:
  - {name: sound, kind: git, repositories: [{name: acme/sound, path: sound}]}
  - {name: broken, kind: git, repositories: [{name: acme/broken, path: broken}]}
services: [{name: sound, repository: acme/sound}]
deployments: {from: tags}
on_failure:
  command: [%s, -c, "import sys, pathlib; pathlib.Path('%s').write_text(sys.stdin.read())"]
"""
ONE_OF_TWO = """
organisation: acme
sources:
  - name: git
    kind: git
    repositories: [{name: acme/sound, path: sound}, {name: acme/broken, path: broken}]
services: [{name: sound, repository: acme/sound}]
deployments: {from: tags}
"""


def clone(folder: Path) -> None:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.invalid"]
    at = {"GIT_AUTHOR_DATE": "2026-01-05T09:00:00Z", "GIT_COMMITTER_DATE": "2026-01-05T09:00:00Z"}
    for number, arguments in enumerate(
        [
            ["init", "--quiet", "--initial-branch=main"],
            ["commit", "--quiet", "--allow-empty", "-m", "first"],
            ["tag", "v1.0.0"],
            ["commit", "--quiet", "--allow-empty", "-m", "second"],
            ["tag", "v1.1.0"],
        ]
    ):
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **at, "LC_ALL": "C"}
        command = ["git", "-C", str(folder), *identity, *arguments]
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60 + number)


@pytest.fixture
def broken(make_workspace: MakeWorkspace) -> Callable[[str], Workspace]:
    def make(settings: str) -> Workspace:
        workspace = make_workspace(settings)
        for name in ("sound", "broken"):
            (workspace.root / name).mkdir()
        clone(workspace.root / "sound")
        return workspace

    return make


def test_a_source_that_gives_up_costs_the_others_nothing(
    broken: Callable[[str], Workspace], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    heard = tmp_path / "heard.json"
    workspace = broken(TWO_SOURCES % (sys.executable, heard))
    assert main(["run", "--json", "--workspace", str(workspace.root)]) == 3
    shown = capsys.readouterr()
    assert "broken.commits" in shown.err
    document = json.loads(shown.out)
    records = {(stream["source"], stream["stream"]): stream["records"] for stream in document["streams"]}
    assert records["sound", "commits"] == 2
    assert {failure["source"] for failure in document["failures"]} == {"broken"}
    assert document["publication"] is None
    assert not workspace.current.exists()
    assert main(["status", "--json", "--workspace", str(workspace.root)]) == 0
    status = json.loads(capsys.readouterr().out)
    assert {(total["source"], total["records"]) for total in status["evidence"]} == {("sound", 2)}
    assert "broken.commits" in status["last_failure"]["message"]
    assert json.loads(heard.read_text())["run_id"] == document["run_id"]


@pytest.mark.slow
def test_a_repository_that_cannot_be_read_is_left_out_and_named(broken: Callable[[str], Workspace]) -> None:
    workspace = broken(ONE_OF_TWO)
    record, error = run_workspace(workspace, watcher=NobodyWatches(), environment={})
    assert error is not None
    assert error.exit_code == 3
    assert "acme/broken" in str(error)
    assert record.publication is not None
    assert workspace.current.exists()


def test_what_may_pass_is_tried_again_ever_later() -> None:
    error = TransientSourceError("busy", source="github", stream="issues")
    waits = []
    for attempt in range(RETRIES):
        asked = what_to_raise(error, attempt=attempt, first_wait_seconds=20.0)
        assert isinstance(asked, dg.RetryRequested)
        waits.append(asked.seconds_to_wait)
    assert waits == [20.0, 60.0]
    assert isinstance(what_to_raise(error, attempt=RETRIES, first_wait_seconds=20.0), dg.Failure)


def test_a_source_that_asks_for_patience_gets_it() -> None:
    error = TransientSourceError("limit", source="github", stream="issues", retry_after_seconds=90.0)
    asked = what_to_raise(error, attempt=0, first_wait_seconds=20.0)
    assert isinstance(asked, dg.RetryRequested)
    assert asked.seconds_to_wait == 90.0


def test_what_will_not_pass_is_not_tried_again() -> None:
    failure = what_to_raise(PermanentSourceError("gone", source="github"), attempt=0, first_wait_seconds=20.0)
    assert isinstance(failure, dg.Failure)
    assert failure.allow_retries is False


FAR = """
organisation: acme
sources:
  - {name: far, kind: pagerduty, base_url: "%s", token_env: FAR_TOKEN, since: 2026-01-01}
"""


class Line:
    """The way to a server, which is cut for some attempts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, cut_from: int, cut_until: int) -> None:
        self.attempts = 0
        reached = Connection.fetch

        async def fetched(connection: Connection, *arguments: Any, **named: Any) -> Any:
            self.attempts += 1
            if cut_from <= self.attempts < cut_until:
                raise httpcore.ConnectError("All connection attempts failed")
            return await reached(connection, *arguments, **named)

        monkeypatch.setattr(Connection, "fetch", fetched)
        monkeypatch.setattr("orchestration.sources.sleep", lambda _seconds: asyncio.sleep(0))


class Notes(NobodyWatches):
    """Whoever keeps what is noted."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    def note(self, text: str) -> None:
        self.taken.append(text)


@pytest.fixture
def empty_account() -> Iterator[LoopbackServer]:
    """A PagerDuty account without anything in it."""
    body = b'{"teams":[],"users":[],"services":[],"escalation_policies":[],"oncalls":[],"incidents":[],'
    answer = Response(body + b'"log_entries":[],"more":false,"total":0}')
    with LoopbackServer(lambda _: answer) as server:
        yield server


NEVER = 10**6


def test_a_source_that_dies_in_mid_run_is_waited_for_once_and_told_of_once(
    make_workspace: MakeWorkspace, empty_account: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight streams that each try again and again take a quarter of an hour to say that nobody is there."""
    workspace = make_workspace(FAR % empty_account.base_url)
    line, notes = Line(monkeypatch, cut_from=3, cut_until=NEVER), Notes()
    record, result = fetch(workspace, environment={"FAR_TOKEN": "t"}, watcher=notes)
    assert not result.success
    assert sum(report.requests for report in record.reports) == 2
    tried = [failure for failure in record.failures if failure.is_tried]
    assert len(tried) == 1
    assert "No connection to 127.0.0.1" in tried[0].message
    assert line.attempts == 2 + (RETRIES + 1) * 6, "one stream alone looks whether the source is back"
    assert len(notes.taken) == RETRIES
    error = reason_of(record, result)
    assert str(error).count("No connection") == 1
    assert f"far: not tried after that: {len(record.failures) - 1}" in str(error)


def test_a_source_that_comes_back_in_mid_run_loses_no_stream(
    make_workspace: MakeWorkspace, empty_account: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = make_workspace(FAR % empty_account.base_url)
    Line(monkeypatch, cut_from=3, cut_until=3 + 6 + 2)
    record, result = fetch(workspace, environment={"FAR_TOKEN": "t"})
    assert result.success
    assert record.failures == []
    assert {report.stream for report in record.reports} == {stream.name for stream in KIND.streams}


def test_a_chain_that_finds_no_connection_ends_the_stream_and_keeps_what_came(
    make_workspace: MakeWorkspace, empty_account: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise each of ten thousand chains would wait half a minute for a server that is not there."""
    line = Line(monkeypatch, cut_from=2, cut_until=NEVER)
    workspace = make_workspace(FAR % empty_account.base_url)
    with open_session(workspace, command="a test", environment={"FAR_TOKEN": "t"}) as session:
        extract_stream(session, "far", "teams")
        with pytest.raises(UnreachableSourceError, match="kept"):
            extract_stream(session, "far", "log_entries")
    assert line.attempts == 1 + 6
