"""A workspace is found, made once, and written by one run at a time."""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestration.errors import UsageError, WorkspaceLockedError
from orchestration.lock import lock_holder, workspace_lock
from orchestration.scaffold import scaffold
from orchestration.workspace import find_workspace, workspace_of_environment

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOLD = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from orchestration.lock import workspace_lock
with workspace_lock(Path(sys.argv[1]), command="assay run", at=datetime(2026, 5, 4, 12, tzinfo=UTC)):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_nearest_workspace_upward_is_found(tmp_path: Path) -> None:
    (tmp_path / "assay.yml").write_text("")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert find_workspace(start=below).root == tmp_path.resolve()


def test_no_workspace_is_explained(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="assay init"):
        find_workspace(tmp_path)


def test_a_process_of_dagster_finds_the_workspace_by_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "assay.yml").write_text("")
    monkeypatch.setenv("ASSAY_WORKSPACE", str(tmp_path))
    assert workspace_of_environment().root == tmp_path.resolve()


def test_a_scaffold_has_keys_that_only_the_owner_reads(tmp_path: Path) -> None:
    workspace = scaffold(tmp_path / "ws", organisation="acme", random_bytes=os.urandom)
    for name in ("signing.key", "token.key"):
        assert (workspace.root / "keys" / name).stat().st_mode & 0o777 == 0o600
    assert workspace.vault.parent.stat().st_mode & 0o777 == 0o700
    assert "keys/" in (workspace.root / ".gitignore").read_text()
    assert workspace.settings().organisation == "acme"


def test_a_scaffold_never_overwrites(tmp_path: Path) -> None:
    first = scaffold(tmp_path / "ws", organisation="acme", random_bytes=os.urandom)
    key = (first.root / "keys" / "token.key").read_bytes()
    with pytest.raises(UsageError, match="exists already"):
        scaffold(tmp_path / "ws", organisation="acme", random_bytes=os.urandom)
    assert (first.root / "keys" / "token.key").read_bytes() == key


def test_a_second_run_is_told_who_works_here(tmp_path: Path) -> None:
    path = tmp_path / "ws" / "data" / "workspace.lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        with (
            pytest.raises(WorkspaceLockedError, match=f"assay run.*process {holder.pid}"),
            workspace_lock(path, command="assay run", at=NOON),
        ):
            pass
        seen = lock_holder(path)
        assert seen is not None
        assert seen.process == holder.pid
    finally:
        holder.kill()
        holder.wait()
        assert holder.stdout is not None
        holder.stdout.close()


def test_a_killed_run_leaves_no_lock_behind(tmp_path: Path) -> None:
    path = tmp_path / "data" / "workspace.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        holder.kill()
    assert lock_holder(path) is None
    with workspace_lock(path, command="assay run", at=NOON):
        note = json.loads(path.with_suffix(".holder.json").read_text())
    assert note["process"] == os.getpid()


def test_whoever_looks_for_the_holder_does_not_disturb_a_start(tmp_path: Path) -> None:
    path = tmp_path / "data" / "workspace.lock"
    begun = time.monotonic()
    for _ in range(20):
        with workspace_lock(path, command="assay run", at=NOON):
            pass
        assert lock_holder(path) is None
    assert time.monotonic() - begun < 10
