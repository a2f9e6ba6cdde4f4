"""The doctor names what is wrong and how to mend it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version

import pytest

from connectors.reports import Diagnosis
from orchestration import diagnosis
from orchestration.command import main
from orchestration.diagnosis import diagnose
from orchestration.lock import workspace_lock
from orchestration.workspace import Workspace

MakeWorkspace = Callable[..., Workspace]
LOCAL = """
organisation: acme
sources:
  - {name: git, kind: git, repositories: [{name: acme/shop, path: shop}]}
"""


def found(workspace: Workspace) -> dict[str, Diagnosis]:
    return {each.name: each for each in diagnose(workspace, environment={})}


def wrong(workspace: Workspace) -> dict[str, Diagnosis]:
    return {name: each for name, each in found(workspace).items() if not each.is_ok}


def test_a_workspace_without_a_clone_gets_one_remedy(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace(LOCAL)
    bad = wrong(workspace)
    assert list(bad) == ["git: clone of acme/shop"]
    assert bad["git: clone of acme/shop"].remedy


def test_keys_that_others_may_read_are_wrong(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace(LOCAL)
    (workspace.root / "keys" / "token.key").chmod(0o644)
    assert "chmod 600" in wrong(workspace)["token.key"].remedy


@pytest.mark.parametrize("name", ["token.key", "signing.key"])
def test_a_lost_or_damaged_key_is_wrong(make_workspace: MakeWorkspace, name: str) -> None:
    workspace = make_workspace(LOCAL)
    key = workspace.root / "keys" / name
    key.write_text("nonsense\n")
    assert "backup" in wrong(workspace)[name].remedy
    key.unlink()
    assert "backup" in wrong(workspace)[name].remedy


def test_settings_are_diagnosed_line_by_line(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace(LOCAL)
    workspace.settings_file.write_text(LOCAL.replace("kind: git", "knd: git"))
    assert "assay.yml:4" in wrong(workspace)["settings"].message


def test_a_run_that_goes_on_is_named(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace(LOCAL)
    with workspace_lock(workspace.lock, command="assay run", at=datetime(2026, 5, 4, tzinfo=UTC)):
        assert "assay run" in wrong(workspace)["lock"].message


def test_another_version_than_the_tested_one_is_named(
    make_workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diagnosis, "version", lambda name: "2.0.0" if name == "duckdb" else version(name))
    assert "==1.5.5" in wrong(make_workspace(LOCAL))["duckdb"].message


def test_a_full_disk_is_wrong(make_workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "_LEAST_FREE_BYTES", 10**18)
    assert "Free at least" in wrong(make_workspace(LOCAL))["disk"].remedy


def test_the_command_exits_with_one_where_anything_is_wrong(
    make_workspace: MakeWorkspace, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = make_workspace(LOCAL)
    assert main(["doctor", "--json", "--workspace", str(workspace.root)]) == 1
    shown = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in shown if not each["is_ok"]] == ["git: clone of acme/shop"]
    assert main(["doctor", "--workspace", str(workspace.root)]) == 1
    assert "WRONG git: clone of acme/shop" in capsys.readouterr().out


def test_a_missing_token_is_named_once_with_its_line(make_workspace: MakeWorkspace) -> None:
    bad = [each for each in diagnose(make_workspace(), environment={}) if not each.is_ok]
    assert [each.name for each in bad] == ["settings", "git: clone of acme/shop"]
    assert "ACME_KEY is not set" in bad[0].message
