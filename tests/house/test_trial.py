"""`assay try` on a clone that real git made: merges, squashes, releases and one that went back."""

import os
import subprocess
from pathlib import Path

import duckdb
import pytest

from orchestration.command import main

DAY = 86_400
START = 1_767_603_600  # 2026-01-05T09:00:00Z, a Monday


class Clone:
    """A repository in the making; every commit happens at a stated second."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str, at: int = START) -> str:
        instant = f"{at} +0000"
        done = subprocess.run(
            ["git", "-C", str(self.folder), *arguments],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_AUTHOR_NAME": "Ada Beispiel",
                "GIT_AUTHOR_EMAIL": "ada@example.invalid",
                "GIT_COMMITTER_NAME": "Ada Beispiel",
                "GIT_COMMITTER_EMAIL": "ada@example.invalid",
                "GIT_AUTHOR_DATE": instant,
                "GIT_COMMITTER_DATE": instant,
            },
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def commit(self, name: str, *, at: int) -> str:
        (self.folder / name).write_text(str(at))
        self.git("add", name)
        self.git("commit", "--quiet", "-m", f"Change {name}", at=at)
        return self.git("rev-parse", "HEAD")

    def release(self, name: str, *, at: int, commit: str = "HEAD") -> None:
        self.git("tag", "--annotate", "-m", name, name, commit, at=at)


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    clone = Clone(tmp_path / "shop")
    clone.commit("first", at=START)
    clone.release("v1.0.0", at=START + 3600)
    clone.git("switch", "--quiet", "--create", "feature")
    clone.commit("merged-one", at=START + DAY)
    clone.commit("merged-two", at=START + 2 * DAY)
    clone.git("switch", "--quiet", "main")
    clone.git("merge", "--quiet", "--no-ff", "-m", "Merge feature", "feature", at=START + 3 * DAY)
    clone.release("v1.1.0", at=START + 4 * DAY)
    clone.git("switch", "--quiet", "--create", "other", "main")
    clone.commit("squashed-one", at=START + 5 * DAY)
    clone.commit("squashed-two", at=START + 5 * DAY + 60)
    clone.git("switch", "--quiet", "main")
    clone.git("merge", "--quiet", "--squash", "other")
    clone.git("commit", "--quiet", "-m", "Squash other", at=START + 6 * DAY)
    clone.release("v1.2.0", at=START + 7 * DAY)
    clone.release("v1.2.1", at=START + 8 * DAY, commit="v1.1.0^{commit}")
    return clone


@pytest.mark.slow
def test_a_clone_is_measured_without_configuration(clone: Clone, tmp_path: Path) -> None:
    workspace = tmp_path / "trial"
    assert main(["try", str(clone.folder), "--workspace", str(workspace)]) == 0
    published = workspace / "data" / "published" / "current"
    assert (published / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    with duckdb.connect(str(published / "analyst.duckdb"), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        deployments = con.execute(
            "select string_split(deployment_id, ':')[-1], is_rollback, is_change_failure, has_baseline "
            "from marts.fct_deployments order by finished_at"
        ).fetchall()
        changes = con.execute(
            "select string_split(deployment_id, ':')[-1], lead_time_seconds from marts.fct_changes "
            "where state = 'deployed' order by all"
        ).fetchall()
    assert deployments == [
        ("v1.0.0", False, False, False),
        ("v1.1.0", False, False, True),
        ("v1.2.0", False, True, True),
        ("v1.2.1", True, False, True),
    ]
    assert changes == [("v1.1.0", 2 * DAY), ("v1.1.0", 3 * DAY), ("v1.2.0", DAY)]
