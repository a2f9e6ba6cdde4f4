"""Runs announce how they ended, whoever started them; the commands show it."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from orchestration.alerts.run_end import announce_lost_run
from orchestration.alerts.state import load_state
from orchestration.assets.streams import stream_assets
from orchestration.assets.workspace import workspace_resource
from orchestration.command import main
from orchestration.workspace import Workspace
from tests.orchestration.listening import SECRET, Webhook, webhook

MakeWorkspace = Callable[..., Workspace]
BROKEN = """
organisation: acme
sources: [{name: git, kind: git, repositories: [{name: acme/shop, path: shop}]}]
services: [{name: shop, repository: acme/shop}]
deployments: {from: tags}
alerts:
  channels: [{name: team, url_env: ACME_CHANNEL}]
  freshness: [{source: git, hours: 24}]
"""


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    with webhook() as listening:
        monkeypatch.setenv("ACME_CHANNEL", listening.url)
        yield listening


def fetch_by_dagster(workspace: Workspace) -> bool:
    return dg.materialize(
        stream_assets(workspace.settings(), first_wait_seconds=0.0),
        resources={"workspace": workspace_resource(workspace)},
        raise_on_error=False,
    ).success


def mend(clone: Path) -> None:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.invalid"]
    for arguments in (["init", "--quiet"], [*identity, "commit", "--quiet", "--allow-empty", "-m", "first"]):
        subprocess.run(["git", "-C", str(clone), *arguments], check=True, capture_output=True, timeout=60)


def test_a_failed_run_tells_the_channel_once_and_the_commands_show_the_cause(
    make_workspace: MakeWorkspace, hook: Webhook, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = make_workspace(BROKEN)
    at = ["--json", "--workspace", str(workspace.root)]
    for _ in range(2):
        assert main(["run", *at]) == 3
    shown = capsys.readouterr()
    assert len(hook.heard) == 1
    assert "git.commits could not be read" in hook.heard[0]["message"]
    assert main(["alert", "list", *at]) == 0
    listed = json.loads(capsys.readouterr().out)
    told = {cause["subject"]: list(cause["told"]) for cause in listed["open"]}
    assert told["git.commits"] == ["team"]
    assert main(["status", *at]) == 0
    assert json.loads(capsys.readouterr().out)["alerts"] == {"open": len(told), "undelivered": []}
    assert SECRET not in shown.out + shown.err + workspace.alerts.read_text()


@pytest.mark.slow
def test_a_whole_run_after_a_failed_one_tells_that_all_is_well_again(
    make_workspace: MakeWorkspace, hook: Webhook, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = make_workspace(BROKEN)
    at = ["--json", "--workspace", str(workspace.root)]
    assert main(["run", *at]) == 3
    mend(workspace.root / "shop")
    code = main(["run", *at])
    shown = capsys.readouterr()
    assert code == 0, shown.err
    assert [title.split()[-1] for title in hook.titles()] == ["blocking", "recovered"]
    assert load_state(workspace.alerts).open == {}


def test_a_channel_that_accepts_nothing_costs_the_run_nothing_and_stands_in_the_status(
    make_workspace: MakeWorkspace, hook: Webhook, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = make_workspace(BROKEN)
    hook.status = 500
    mend(workspace.root / "shop")
    (workspace.root / "shop").rename(workspace.root / "elsewhere")
    (workspace.root / "shop").mkdir()
    assert not fetch_by_dagster(workspace)
    (workspace.root / "shop").rmdir()
    (workspace.root / "elsewhere").rename(workspace.root / "shop")
    capsys.readouterr()
    assert main(["status", "--workspace", str(workspace.root)]) == 0
    assert "team, since" in capsys.readouterr().out
    assert fetch_by_dagster(workspace)
    assert load_state(workspace.alerts).open == {}, "over before anybody accepted that it began"


def test_a_run_of_dagster_tells_what_began_and_what_is_over(
    make_workspace: MakeWorkspace, hook: Webhook
) -> None:
    workspace = make_workspace(BROKEN)
    assert not fetch_by_dagster(workspace)
    mend(workspace.root / "shop")
    assert fetch_by_dagster(workspace)
    began, over = hook.heard
    assert "git.commits could not be read" in began["message"]
    assert over["message"].startswith("RECOVERED: source git.commits")


def test_a_run_whose_process_was_lost_is_told_of_once(make_workspace: MakeWorkspace, hook: Webhook) -> None:
    workspace = make_workspace(BROKEN)
    environment = {"ACME_CHANNEL": hook.url}
    for _ in range(2):
        assert announce_lost_run(workspace, run_id="lost", environment=environment) == []
    assert hook.titles() == ["Assay acme: 1 blocking"]
    assert "without a word" in hook.heard[0]["message"]


def test_every_channel_can_be_tried(
    make_workspace: MakeWorkspace, hook: Webhook, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ["--workspace", str(make_workspace(BROKEN).root)]
    assert main(["alert", "test", *at]) == 0
    assert hook.titles() == ["Assay acme: a test"]
    hook.status = 404
    assert main(["alert", "test", "--json", *at]) == 1
    shown = capsys.readouterr()
    assert json.loads(shown.out[shown.out.index("[") :])[0] == {
        "channel": "team",
        "accepted": False,
        "problem": "it was answered with 404",
    }
    assert SECRET not in shown.out + shown.err


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        (
            "source: git,",
            "source: gti,",
            "alerts.freshness[0].source: there is no source 'gti'. Did you mean 'git'?",
        ),
        ("url_env: ACME_CHANNEL", 'url_env: "https://hooks.example/s3cr3t"', "alerts.channels[0].url_env"),
        ("name: team,", "name: team, severity: loud,", "input should be 'warning' or 'blocking'"),
        ("[{name: team,", "[{name: team, url_env: ONE}, {name: team,", "the name 'team' is taken"),
    ],
)
def test_settings_of_alerts_that_cannot_be_are_named(
    make_workspace: MakeWorkspace, capsys: pytest.CaptureFixture[str], right: str, wrong: str, said: str
) -> None:
    workspace = make_workspace(BROKEN)
    workspace.settings_file.write_text(BROKEN.replace(right, wrong))
    assert main(["alert", "list", "--workspace", str(workspace.root)]) == 2
    shown = capsys.readouterr().err
    assert said in shown
    assert "s3cr3t" not in shown
