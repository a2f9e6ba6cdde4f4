"""A failed run is written down, and the alarms that the settings name are sounded."""

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from orchestration.failures import RunFailure, note_success, report_failure, standing_failure
from orchestration.settings import Settings
from orchestration.workspace import Workspace

FAILURE = RunFailure("run-1", "/ws", "2026-05-04T12:00:00+00:00", "the source is gone", ("github.issues",))


def settings(**on_failure: object) -> Settings:
    return Settings.model_validate(
        {
            "organisation": "acme",
            "sources": [{"name": "git", "kind": "git", "repositories": [{"name": "a/b", "path": "b"}]}],
            "on_failure": on_failure,
        }
    )


@contextmanager
def listener(status: int) -> Iterator[tuple[str, list[bytes]]]:
    heard: list[bytes] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/secret-path", heard
    finally:
        server.shutdown()
        server.server_close()


def test_each_failure_is_a_line_of_json(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    for _ in range(2):
        assert report_failure(workspace, settings(), FAILURE, environment={}) == []
    lines = workspace.failures.read_text().splitlines()
    assert [json.loads(line)["message"] for line in lines] == ["the source is gone"] * 2


def test_the_command_gets_the_failure_on_its_input(tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    script = f"import sys, pathlib; pathlib.Path({str(heard)!r}).write_text(sys.stdin.read())"
    problems = report_failure(
        Workspace(tmp_path), settings(command=[sys.executable, "-c", script]), FAILURE, environment={}
    )
    assert problems == []
    assert json.loads(heard.read_text())["steps"] == ["github.issues"]


def test_a_failing_alarm_does_not_hide_the_failure(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    missing = report_failure(workspace, settings(command=["no-such-program"]), FAILURE, environment={})
    ending = [sys.executable, "-c", "import sys; sys.exit(3)"]
    failing = report_failure(workspace, settings(command=ending), FAILURE, environment={})
    assert "could not be run" in missing[0]
    assert "ended with code 3" in failing[0]
    assert len(workspace.failures.read_text().splitlines()) == 2


def test_the_webhook_is_called_and_its_address_stays_secret(tmp_path: Path) -> None:
    workspace, chosen = Workspace(tmp_path), settings(webhook_env="HOOK")
    with listener(200) as (address, heard):
        assert report_failure(workspace, chosen, FAILURE, environment={"HOOK": address}) == []
    assert json.loads(heard[0])["run_id"] == "run-1"
    with listener(500) as (address, _):
        problems = report_failure(workspace, chosen, FAILURE, environment={"HOOK": address})
    assert problems == ["on_failure.webhook answered 500"]
    problems = report_failure(workspace, chosen, FAILURE, environment={"HOOK": "nonsense"})
    assert len(problems) == 1
    assert "nonsense" not in problems[0]


def test_a_failure_stands_until_a_run_has_reached_its_end(tmp_path: Path) -> None:
    """The status named the last failure for good, also long after it was mended."""
    workspace = Workspace(tmp_path)
    workspace.data.mkdir()
    assert standing_failure(workspace) is None
    note_success(workspace, run_id="run-0", ended_at="2026-05-04T11:00:00+00:00")
    report_failure(workspace, settings(), FAILURE, environment={})
    standing = standing_failure(workspace)
    assert standing is not None
    assert standing["run_id"] == "run-1"
    note_success(workspace, run_id="run-2", ended_at="2026-05-04T12:30:00+00:00")
    assert standing_failure(workspace) is None
