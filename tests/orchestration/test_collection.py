"""No entry, no collection: what a workspace fetches, says and keeps in its log under a register."""

import json
import re
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import yaml

from governance.errors import RegisterError
from orchestration.collection import (
    Confirmation,
    load_register,
    uncollected_lines,
    uncollected_streams,
    write_register,
)
from orchestration.command import main
from orchestration.running import reason_of
from orchestration.session import open_session
from orchestration.settings import Settings
from orchestration.workspace import Workspace
from tests.orchestration.example import shown_sources
from tests.orchestration.fetching import fetch

MakeWorkspace = Callable[..., Workspace]
TODAY = date(2026, 7, 2)
SETTINGS = """
organisation: acme
sources:
  - {name: git, kind: git, repositories: [{name: acme/shop, path: shop}]}
deployments: {from: tags}
"""
GITHUB = Settings.model_validate(
    {
        "organisation": "acme",
        "sources": [
            {"name": "github", "kind": "github", "organisation": "acme", "streams": ["reviews", "teams"]}
        ],
    }
)
ALLOWED = Confirmation(confirmed_by="Ada", confirmed_on=TODAY, legal_basis="Agreement 4")


def commit(folder: Path, message: str, tag: str) -> None:
    git = ["git", "-C", str(folder), "-c", "user.name=Ada", "-c", "user.email=ada@example.invalid"]
    subprocess.run([*git, "init", "--quiet", "--initial-branch=main"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-m", message], check=True)
    subprocess.run([*git, "tag", tag], check=True)


def reasons(governance: Path, settings: Settings = GITHUB) -> dict[str, str]:
    found = uncollected_streams(settings, load_register(governance), on=TODAY)
    return {each.stream: each.reason for each in found}


def register_events(workspace: Workspace) -> list[dict[str, object]]:
    with open_session(workspace, command="a test", environment={}, needs_sources=False) as session:
        leaves = session.ledger.leaves("governance", 0, session.ledger.size("governance"))
    return [
        leaf for leaf in (json.loads(text) for _, text in leaves) if leaf["kind"] == "collection_register"
    ]


def test_what_brings_nothing_about_people_needs_no_register(tmp_path: Path) -> None:
    refused = reasons(tmp_path)
    assert "teams" not in refused
    assert refused["reviews"] == "it is fetched for pull_requests, which is not collected"
    assert refused["pull_requests"] == "there is no entry for it"


def test_a_confirmed_register_allows_the_streams_of_the_settings(tmp_path: Path) -> None:
    assert write_register(tmp_path, GITHUB) > 0
    assert set(reasons(tmp_path)) == {"pull_requests", "reviews", "repositories"} & set(reasons(tmp_path))
    assert "is not confirmed" in reasons(tmp_path)["pull_requests"]
    assert write_register(tmp_path, GITHUB, confirmation=ALLOWED) == 0
    assert reasons(tmp_path) == {}


def test_a_stream_that_joins_the_settings_later_waits_for_its_entry(tmp_path: Path) -> None:
    write_register(tmp_path, GITHUB, confirmation=ALLOWED)
    source = {"name": "github", "kind": "github", "organisation": "acme", "streams": ["teams", "commits"]}
    more = Settings.model_validate({"organisation": "acme", "sources": [source]})
    assert reasons(tmp_path, more)["commits"] == "there is no entry for it"


def test_each_source_is_one_line_with_what_why_and_what_to_do(tmp_path: Path) -> None:
    lines = list(uncollected_lines(uncollected_streams(GITHUB, load_register(tmp_path), on=TODAY)))
    assert len(lines) == 1
    assert lines[0].startswith("github: ")
    assert "pull_requests" in lines[0]
    assert "assay register" in lines[0]


def test_a_run_fetches_nothing_that_the_register_does_not_allow(
    make_workspace: MakeWorkspace, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = make_workspace(SETTINGS, confirmation=None)
    commit(workspace.root / "shop", "first", "v1")
    where = ["--workspace", str(workspace.root)]
    record, result = fetch(workspace)
    assert [report.stream for report in record.reports] == ["tags"]
    assert [each.stream for each in record.uncollected] == ["commits"]
    error = reason_of(record, result)
    assert error is not None
    assert error.exit_code == 6
    assert "git: 1 stream is not collected" in str(error)
    assert main(["status", "--json", *where]) == 0
    status = json.loads(capsys.readouterr().out)
    assert [each["stream"] for each in status["evidence"]] == ["tags"]
    assert "git: 1 stream" in status["uncollected"][0]
    assert main(["doctor", "--json", *where]) == 1
    found = {each["name"]: each for each in json.loads(capsys.readouterr().out)}
    assert "git: 1 stream" in found["collection"]["message"]
    assert main(["plan", "--json", *where]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert [each["stream"] for each in plan[0]["streams"]] == ["tags"]
    assert [each["stream"] for each in plan[0]["uncollected"]] == ["commits"]


@pytest.mark.slow
def test_a_run_publishes_what_may_be_fetched_and_ends_with_its_documented_code(
    make_workspace: MakeWorkspace, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = make_workspace(SETTINGS, confirmation=None)
    commit(workspace.root / "shop", "first", "v1")
    assert main(["run", "--json", "--workspace", str(workspace.root)]) == 6
    shown = capsys.readouterr()
    assert json.loads(shown.out)["publication"] is not None
    assert "git: 1 stream is not collected" in shown.err
    assert not workspace.failures.exists(), "nobody is woken for it"


def test_a_register_is_confirmed_at_the_command_line_and_the_next_run_fetches(
    make_workspace: MakeWorkspace, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = make_workspace(SETTINGS, confirmation=None)
    commit(workspace.root / "shop", "first", "v1")
    where = ["--workspace", str(workspace.root)]
    assert main(["register", *where]) == 1
    assert "assay register --confirm NAME" in capsys.readouterr().out
    assert main(["register", "--confirm", "Ada", *where]) == 2
    assert "collection.yml: line 6: the entry has no legal_basis yet" in capsys.readouterr().err
    assert main(["register", "--confirm", "Ada", "--legal-basis", "Agreement 4", "--json", *where]) == 0
    listed = json.loads(capsys.readouterr().out)
    states = {each["stream"]: each["state"] for each in listed}
    assert states["commits"].startswith("confirmed by Ada on ")
    assert states["tags"] == "needs no entry"
    record, _ = fetch(workspace)
    assert {report.stream for report in record.reports} == {"commits", "tags"}


def test_missing_entries_are_added_and_left_to_be_confirmed(
    make_workspace: MakeWorkspace, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = make_workspace(SETTINGS, confirmation=None)
    (workspace.governance / "collection.yml").unlink()
    where = ["--workspace", str(workspace.root)]
    assert main(["register", *where]) == 1
    assert "assay register --add" in capsys.readouterr().out
    assert main(["register", "--add", *where]) == 1
    assert "to be confirmed" in capsys.readouterr().out
    assert not any(entry.confirmed_by for entry in load_register(workspace.governance).entries)


def test_the_log_says_under_which_register_a_page_was_fetched(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace(SETTINGS)
    commit(workspace.root / "shop", "first", "v1")
    fetch(workspace)
    fetch(workspace)
    first = load_register(workspace.governance).sha256
    assert [(event["sha256"], event["payload_log_size"]) for event in register_events(workspace)] == [
        (first, 0)
    ]
    file = workspace.governance / "collection.yml"
    file.write_text(file.read_text() + "# withdrawn on Friday\n")
    with open_session(workspace, command="a test", environment={}) as session:
        size = session.ledger.size("payload")
    events = register_events(workspace)
    assert size > 0
    assert [event["payload_log_size"] for event in events] == [0, size]
    assert events[1]["sha256"] != first


def test_a_withdrawn_entry_stops_fetching_and_keeps_what_was_fetched(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace(SETTINGS)
    commit(workspace.root / "shop", "first", "v1")
    fetch(workspace)
    commit(workspace.root / "shop", "second", "v2")
    (workspace.governance / "collection.yml").unlink()
    record, result = fetch(workspace)
    assert [report.stream for report in record.reports] == ["tags"]
    assert result.success
    with open_session(workspace, command="a test", environment={}, needs_sources=False) as session:
        held = {total.stream: total.records for total in session.store.totals()}
    assert held["commits"] == 1


def test_the_asset_of_a_stream_says_why_it_was_not_collected(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace(SETTINGS, confirmation=None)
    commit(workspace.root / "shop", "first", "v1")
    _, result = fetch(workspace)
    events = {
        event.asset_key.path[-1]: event.materialization.metadata
        for event in result.get_asset_materialization_events()
        if event.asset_key is not None
    }
    assert events["commits"]["collected"].value is False
    assert "is not confirmed" in str(events["commits"]["why"].value)
    assert events["tags"]["collected"].value is True


def test_a_register_with_a_stream_that_does_not_exist_starts_nothing(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace(SETTINGS)
    file = workspace.governance / "collection.yml"
    file.write_text(file.read_text().replace("commits", "comits", 1))
    with pytest.raises(
        RegisterError, match=r"collection\.yml:\d+: there is no stream of git 'comits'; did you"
    ):
        fetch(workspace)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--confirm", "Ada", "--kind", "gitt"], "Did you mean git"),
        (["--confirm", "Ada", "--kind", "zebra"], "Known: github, git,"),
        (["--confirm", ""], "--confirm needs the name"),
        (["--confirm", "   "], "--confirm needs the name"),
        (["--confirm", "Ada", "--legal-basis", " "], "--legal-basis"),
        (["--kind", "git"], "--kind belong to a confirmation"),
        (["--add", "--purpose", "To know"], "--purpose belong to a confirmation"),
        (["--legal-basis", "Agreement 4"], "--legal-basis belong to a confirmation"),
    ],
)
def test_a_confirmation_that_says_nothing_sound_writes_nothing(
    make_workspace: MakeWorkspace, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    workspace = make_workspace(SETTINGS, confirmation=None)
    file = workspace.governance / "collection.yml"
    before = file.read_text()
    assert main(["register", *arguments, "--workspace", str(workspace.root)]) == 2
    assert said in " ".join(capsys.readouterr().err.split())
    assert file.read_text() == before


def test_a_name_is_written_without_the_spaces_around_it(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace(SETTINGS, confirmation=None)
    word = ["--confirm", " Ada ", "--legal-basis", "Agreement 4", "--kind", "git"]
    assert main(["register", *word, "--workspace", str(workspace.root)]) == 0
    assert {entry.confirmed_by for entry in load_register(workspace.governance).entries} == {"Ada"}


def lapsed(workspace: Workspace) -> None:
    """Let the entries of a register end."""
    file = workspace.governance / "collection.yml"
    text = file.read_text()
    ended = text.replace("    confirmed_by:", "    valid_until: 2020-01-01\n    confirmed_by:")
    file.write_text(re.sub(r"confirmed_on: [0-9-]+", "confirmed_on: 2019-01-01", ended))


def test_an_entry_that_has_lapsed_is_to_be_renewed_and_not_to_be_confirmed(
    make_workspace: MakeWorkspace, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = make_workspace(SETTINGS)
    lapsed(workspace)
    where = ["--workspace", str(workspace.root)]
    assert main(["register", *where]) == 1
    shown = " ".join(capsys.readouterr().out.split())
    assert "lapsed on 2020-01-01" in shown
    assert "Renew what has lapsed" in shown
    assert "then confirm it with" not in shown
    assert main(["doctor", "--json", *where]) == 1
    found = {each["name"]: each for each in json.loads(capsys.readouterr().out)}
    assert found["collection"]["remedy"].startswith(
        "Renew what has lapsed: a later valid_until, or a new entry"
    )


def test_a_new_entry_follows_one_that_has_lapsed(
    make_workspace: MakeWorkspace, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = make_workspace(SETTINGS)
    lapsed(workspace)
    where = ["--workspace", str(workspace.root)]
    assert main(["register", "--add", *where]) == 1
    assert "line 14: not confirmed" in " ".join(capsys.readouterr().out.split())
    assert main(["register", "--confirm", "Ada", "--legal-basis", "Agreement 5", *where]) == 0
    assert {entry.valid_until for entry in load_register(workspace.governance).entries} == {
        date(2020, 1, 1),
        None,
    }


def test_the_table_of_the_register_holds_its_words_together_at_eighty_columns(
    make_workspace: MakeWorkspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    sources = yaml.safe_dump({"organisation": "acme", "sources": shown_sources()})
    workspace = make_workspace(sources, confirmation=None)
    assert main(["register", "--workspace", str(workspace.root)]) == 1
    table = capsys.readouterr().out.partition("Read governance")[0].splitlines()
    assert max(map(len, table)) <= 80
    assert any(
        re.fullmatch(r"  reviews +account, free_text +waits for pull_requests *", line) for line in table
    )
    assert any(
        re.fullmatch(r"  users +account, name, email +line \d+: not confirmed *", line) for line in table
    )
