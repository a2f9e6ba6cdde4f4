"""`assay gate` and `assay signoff` before there is anything to decide about, and where words are missing."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.command import main
from orchestration.commands.signoff import signoff
from orchestration.workspace import Workspace

MakeWorkspace = Callable[..., Workspace]
GIVE = ("signoff", "throughput", "--role", "finance", "--as", "Ada", "--yes")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("gate", "list"), "Nothing is built yet"),
        (("gate", "explain", "throughput"), "Nothing is built yet"),
        (("gate", "explain", "throughput", "--scope", "team:payments"), "give both, or neither"),
        ((*GIVE, "--key", "none.key"), "no signing key of Ada"),
    ],
)
def test_what_cannot_be_answered_says_what_to_do(
    words: tuple[str, ...], message: str, make_workspace: MakeWorkspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--workspace", str(make_workspace().root)]) == 2
    assert message in capsys.readouterr().err


def test_a_metric_is_signed_without_naming_the_subcommand() -> None:
    context = signoff.make_context("signoff", ["throughput", "--help"], resilient_parsing=True)
    name, command, rest = signoff.resolve_command(context, ["throughput", "--role", "finance"])
    assert (name, command) == ("give", signoff.commands["give"])
    assert rest == ["throughput", "--role", "finance"]
    assert signoff.resolve_command(context, ["list"])[0] == "list"


def test_nothing_signed_is_an_empty_list_and_a_damaged_file_is_named(
    make_workspace: MakeWorkspace, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = make_workspace()
    where = ["--workspace", str(workspace.root)]
    assert main(["signoff", "list", "--json", *where]) == 0
    assert json.loads(capsys.readouterr().out) == []
    folder = workspace.governance / "sign-offs"
    folder.mkdir()
    (folder / "half.json").write_text("{")
    assert main(["signoff", "list", *where]) == 2
    assert "half.json" in capsys.readouterr().err


def test_nothing_can_be_revoked_that_is_not_in_force(
    make_workspace: MakeWorkspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--workspace", str(make_workspace().root)]
    key = tmp_path / "ada.key"
    assert main(["signer", "Ada", "--key", str(key), "--role", "finance", "--team", "people"]) == 0
    assert "teams:\n  - people" in capsys.readouterr().out
    words = ["signoff", "revoke", "throughput", "--role", "finance", "--as", "Ada", "--key", str(key)]
    assert main([*words, "--reason", "agreement ended", *where]) == 2
    assert "No sign-off of throughput as finance for * is in force" in capsys.readouterr().err
