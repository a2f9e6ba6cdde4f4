"""The doctor names what is wrong and how to mend it."""

import asyncio
import json
import re
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


APP = """
organisation: acme
sources:
  - name: github
    kind: github
    base_url: "http://127.0.0.1:9"
    organisation: acme
    app_id: 7
    app_key_file: app.pem
"""


def named(workspace: Workspace, text: str) -> list[Diagnosis]:
    return [
        each for each in diagnose(workspace, environment={}) if not each.is_ok and text in str(each.message)
    ]


def test_a_file_that_is_missing_is_named_once_and_in_words(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace(APP)
    (found,) = named(workspace, "app.pem")
    assert found.message.endswith("assay.yml:9: sources[0].app_key_file: there is no app.pem")
    assert "Error" not in found.message


@pytest.mark.parametrize("content", [b"", b"ssh-ed25519 AAAA\n", b"\xff\x00"])
def test_a_key_file_without_a_key_is_named_by_its_line(make_workspace: MakeWorkspace, content: bytes) -> None:
    workspace = make_workspace(APP)
    (workspace.root / "app.pem").write_bytes(content)
    (found,) = named(workspace, "app.pem")
    assert "assay.yml:9: sources[0].app_key_file: app.pem does not hold the App's key" in found.message
    assert "PEM format" in found.remedy
    assert "AAAA" not in found.message


def test_a_key_file_that_cannot_be_read_says_why(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace(APP)
    (workspace.root / "app.pem").mkdir()
    (found,) = named(workspace, "app.pem")
    assert found.message.endswith("app.pem cannot be read: Is a directory")


def test_a_variable_without_a_key_is_named_by_its_line(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace(APP.replace("app_key_file: app.pem", "app_key_env: ACME_APP_KEY"))
    bad = [each for each in diagnose(workspace, environment={"ACME_APP_KEY": "hunter2"}) if not each.is_ok]
    assert ["assay.yml:9" in each.message for each in bad] == [True]
    assert "hunter2" not in "".join(each.message + each.remedy for each in bad)


def test_a_clone_that_is_missing_is_named_once_and_the_others_are_looked_at(
    make_workspace: MakeWorkspace,
) -> None:
    two = "[{name: acme/shop, path: shop}, {name: acme/gone, path: gone}]"
    workspace = make_workspace(LOCAL.replace("[{name: acme/shop, path: shop}]", two))
    bad = [each for each in diagnose(workspace, environment={}) if not each.is_ok]
    assert [each.name for each in bad] == ["settings", "git: clone of acme/shop"]
    assert "there is no folder gone" in bad[0].message


def test_settings_that_are_not_utf8_are_named_with_their_line(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace(LOCAL)
    workspace.settings_file.write_bytes(b"organisation: acme\nsources: [] # caf\xe9\n")
    assert re.search(r"assay\.yml:2: a byte that is not UTF-8", wrong(workspace)["settings"].message)


def test_text_that_is_no_yaml_has_a_line_and_no_empty_key(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace(LOCAL)
    workspace.settings_file.write_text("organisation: acme\nsources: [\n  : :\n")
    message = wrong(workspace)["settings"].message
    assert re.search(r"assay\.yml:\d+: this cannot be read as YAML", message)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "http://nowhere.invalid"])
@pytest.mark.parametrize("kind", ["github, organisation: acme", "jira"])
def test_without_network_the_way_there_is_to_blame_and_nothing_was_fetched(
    make_workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch, address: str, kind: str
) -> None:
    monkeypatch.setattr("orchestration.sources.sleep", lambda _seconds: asyncio.sleep(0))
    source = f"{{name: far, kind: {kind}, base_url: '{address}', token_env: FAR_TOKEN}}"
    workspace = make_workspace(f"organisation: acme\nsources: [{source}]\n")
    (found,) = [each for each in diagnose(workspace, environment={"FAR_TOKEN": "t"}) if not each.is_ok]
    assert found.name == "far: connection"
    assert "in 2 attempts" in found.message
    assert "Look at base_url, the proxy and the network" in found.message
    assert "kept" not in found.message
    assert "setting or the permission" not in found.remedy
