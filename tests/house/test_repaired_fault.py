"""Through the whole house: the source loses half a list once, a check is red, and its command mends it."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from orchestration.command import main
from orchestration.ledger.verification import verify_workspace
from tests.house.company import TOKEN, Company, company
from tests.replay.loopback import LoopbackServer, Request, Response

RUNS = "/actions/runs"
KILLS = 4


@dataclass
class Losing:
    """What stands between the company's GitHub and its reader: it loses every other run of one repository."""

    company: Company
    is_losing: bool = True
    repository: str = ""
    searched: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._client = httpx.Client(timeout=60.0)
        self.server = LoopbackServer(self._answer)

    def _answer(self, request: Request) -> Response:
        headers = {key: value for key, value in request.headers.items() if key != "accept-encoding"}
        if self.is_losing:
            headers.pop("if-none-match", None)
        found = self._client.request(
            request.method,
            self.company.server.base_url + request.target,
            headers=headers,
            content=request.body,
        )
        body = found.content
        is_count = request.query.get("per_page") == "1"  # what the source counts, asked before each check
        if request.path.endswith(RUNS) and "created" in request.query and not is_count:
            self.searched.append(request.target)
            self.repository = self.repository or request.path.split("repos/")[1].removesuffix(RUNS)
            if self.is_losing and self.repository in request.path:
                body = self._half(body)
        kept = {key: value for key, value in found.headers.items() if key in ("link", "etag", "date")}
        return Response(body, found.status_code, kept)

    def _half(self, body: bytes) -> bytes:
        document: dict[str, Any] = json.loads(body)
        document["workflow_runs"] = document["workflow_runs"][::2]
        return json.dumps(document).encode()


@contextmanager
def losing_company(folder: Path) -> Iterator[Losing]:
    with company(folder) as acme:
        losing = Losing(acme)
        with losing.server:
            file = acme.workspace.settings_file
            settings = file.read_text().replace(acme.server.base_url, losing.server.base_url)
            file.write_text(settings)
            yield losing


def assay(subject: Company, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [Path(sys.executable).parent / "assay", *arguments, "--workspace", subject.workspace.root],
        env={"PATH": os.defpath, "HOME": str(subject.workspace.root), **subject.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def named_command(shown: str) -> list[str]:
    """The command of the first message that names one."""
    _, _, rest = shown.partition("To mend it, run `")
    return shlex.split(rest.partition("`")[0])


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_command_of_a_red_check_fetches_its_window_alone_and_turns_it_green(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_GITHUB_TOKEN", TOKEN)
    with losing_company(tmp_path) as losing:
        acme = losing.company
        _, error = acme.try_run()
        assert error is not None
        assert "claimed_totals_nearly_arrived" in str(error)
        assert not acme.workspace.current.exists()
        command = named_command(str(error))
        assert command[:3] == ["assay", "repair", "github.workflow_runs"]
        assert command[3:5] == ["--scope", losing.repository]
        losing.is_losing = False
        losing.searched.clear()
        here = ["--workspace", str(acme.workspace.root)]

        assert main(["repair", "--dry-run", *here]) == 0
        listed = capsys.readouterr().out
        assert shlex.join(command) in listed
        assert losing.searched == []

        assert main([*command[1:], *here]) == 0
        shown = capsys.readouterr().out
        assert "green again: claimed_totals_nearly_arrived (raw.github__workflow_runs)" in shown
        assert losing.searched
        assert all(losing.repository in target for target in losing.searched)
        assert acme.workspace.current.exists(), "what kept the publication back is mended"
        assert main(["repair", *here]) == 0
        assert "No check is red" in capsys.readouterr().out
        assert main(["status", *here]) == 0
        assert "last failure" not in capsys.readouterr().out
        assert [finding for finding in verify_workspace(acme.workspace) if finding.is_fatal] == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_repair_that_is_killed_loses_nothing_and_the_next_one_finishes(tmp_path: Path) -> None:
    with losing_company(tmp_path) as losing:
        acme = losing.company
        acme.try_run()
        losing.is_losing = False
        for kill in range(KILLS):
            repair = assay(acme, "repair", "--yes")
            time.sleep(2.0 + 5.0 * kill)
            repair.send_signal(signal.SIGKILL)
            repair.communicate()
        last = assay(acme, "repair", "--yes", "--json")
        shown, complaint = last.communicate(timeout=900)
        assert last.returncode == 0, complaint
        document = json.loads(shown)
        assert document.get("red", []) == []
        assert acme.workspace.current.exists()
        assert [finding for finding in verify_workspace(acme.workspace) if finding.is_fatal] == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_source_that_leaves_the_settings_turns_no_check_red(tmp_path: Path) -> None:
    """Clones that were read and are no longer wanted blocked the publication by the pages counted of them."""
    with company(tmp_path) as acme:
        acme.run()
        file = acme.workspace.settings_file
        document = yaml.safe_load(file.read_text())
        document["sources"] = [each for each in document["sources"] if each["kind"] != "git"]
        file.write_text(yaml.safe_dump(document, sort_keys=False))
        record, error = acme.try_run()
        assert [check.message for check in record.blocking_checks] == []
        assert error is None
