"""A source that fails loses nothing of the others, and the run says who failed."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from connectors.errors import PermanentSourceError, TransientSourceError
from orchestration.assets.streams import RETRIES, what_to_raise
from orchestration.command import main
from orchestration.run_record import NobodyWatches
from orchestration.running import run_workspace
from orchestration.workspace import Workspace

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
