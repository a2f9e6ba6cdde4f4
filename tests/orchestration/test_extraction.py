"""Fetching one stream: what is kept, what is spared, what is merged."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.errors import PermanentSourceError
from orchestration.flow.extraction import (
    SourceOutOfOrderError,
    extract_stream,
    give_up_if_unreachable,
    remember_failure,
)
from orchestration.session import open_session
from orchestration.workspace import Workspace

MakeWorkspace = Callable[..., Workspace]
LOCAL = """
organisation: acme
sources:
  - {name: git, kind: git, repositories: [{name: acme/shop, path: shop}]}
"""


def commit(folder: Path, message: str) -> None:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.invalid"]
    git = ["git", "-C", str(folder), *identity]
    subprocess.run([*git, "init", "--quiet", "--initial-branch=main"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-m", message], check=True)


def test_the_small_files_of_frequent_runs_are_merged(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace(LOCAL)
    for number in range(9):
        commit(workspace.root / "shop", f"change {number}")
        with open_session(workspace, command="a test", environment={}) as session:
            assert extract_stream(session, "git", "commits").records == 1
            total = next(each for each in session.store.totals() if each.stream == "commits")
    assert (total.pages, total.records) == (9, 9)
    assert total.files < 9


def test_a_source_out_of_order_is_asked_once_and_then_spared(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace(LOCAL)
    with open_session(workspace, command="a test", environment={}) as session:
        give_up_if_unreachable(session, "git", "commits")
        with pytest.raises(PermanentSourceError) as raised:
            extract_stream(session, "git", "commits")
        remember_failure(session, "git", "commits", raised.value)
        with pytest.raises(SourceOutOfOrderError) as spared:
            give_up_if_unreachable(session, "git", "tags")
        remember_failure(session, "git", "tags", spared.value)
        assert [(each.stream, each.is_tried) for each in session.record.failures] == [
            ("commits", True),
            ("tags", False),
        ]
        assert session.record.failures[0].message.startswith("git.commits")


def test_a_source_that_answers_again_is_tried(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace(LOCAL)
    with open_session(workspace, command="a test", environment={}) as session:
        with pytest.raises(PermanentSourceError) as raised:
            extract_stream(session, "git", "commits")
        remember_failure(session, "git", "commits", raised.value)
        commit(workspace.root / "shop", "mended")
        give_up_if_unreachable(session, "git", "tags")


def test_whoever_looks_at_a_workspace_needs_no_token(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace()
    with open_session(workspace, command="assay publish", environment={}, needs_sources=False) as session:
        assert session.settings.organisation == "acme"
