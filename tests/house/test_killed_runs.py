"""A run that is killed at any moment loses nothing and doubles nothing: the next one ends like the first."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.ledger.verification import verify_workspace
from orchestration.session import open_ledger
from tests.house.company import END, Company, company
from tests.house.rows import hashes_of_rows

KILLS = 20
LONGEST_SECONDS = 25.0


def start(subject: Company) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [Path(sys.executable).parent / "assay", "run", "--workspace", subject.workspace.root],
        env={"PATH": os.defpath, "HOME": str(subject.workspace.root), **subject.environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def pages_and_windows(subject: Company) -> int:
    with open_ledger(subject.workspace, subject.workspace.settings()) as ledger:
        return ledger.size("payload")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_twenty_kills_leave_the_rows_of_an_undisturbed_run(tmp_path: Path) -> None:
    chance = random.Random(20)
    with company(tmp_path / "undisturbed") as undisturbed:
        undisturbed.run()
    with company(tmp_path / "killed") as killed:
        for _ in range(KILLS):
            run = start(killed)
            try:
                run.wait(timeout=chance.uniform(0.5, LONGEST_SECONDS))
            except subprocess.TimeoutExpired:
                run.send_signal(signal.SIGKILL)
            _, complaint = run.communicate()
            assert run.returncode in {0, -signal.SIGKILL}, complaint.decode()
        killed.run()
    assert pages_and_windows(killed) >= pages_and_windows(undisturbed)
    assert [finding for finding in verify_workspace(killed.workspace) if finding.is_fatal] == []
    assert hashes_of_rows(killed.workspace.warehouse, readings_since=END) == hashes_of_rows(
        undisturbed.workspace.warehouse, readings_since=END
    )
