"""`assay identity`: from what is suggested to what is decided, sealed and counted as news."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from governance.identity.rules import FOR_EVER
from lineage.ledger import Ledger
from orchestration.command import main
from orchestration.deciding import identity_register
from orchestration.flow.people import with_people_news
from orchestration.identity_settings import identity_rules
from orchestration.session import open_session
from orchestration.settings import examine
from orchestration.sources import utc_now
from orchestration.steps.build_state import create_state, record_config
from orchestration.steps.raw_schema import RawBuild
from orchestration.workspace import Workspace
from tests.governance.identity_vault import seen, table
from tests.orchestration.conftest import SETTINGS

SAID = ("--by", "Grace Hopper", "--reason", "they sit beside me")
SOURCES = (
    "organisation: acme\nsources: [{name: git, kind: git, repositories: [{name: acme/shop, path: .}]}]\n"
)


@pytest.fixture
def workspace(make_workspace: Callable[..., Workspace]) -> Workspace:
    """A workspace in whose vault two accounts look like one person's."""
    made = make_workspace()
    with open_session(made, command="test", needs_sources=False) as session:
        session.vault().assign(
            table(
                seen("circleci:ada", login="ada"),
                seen("github:7", login="ada", email="ada@acme.test"),
                seen("git:ada@acme.test", display_name="Ada Lovelace"),
                seen("jira:1", login="lovelace", display_name="Ada King"),
            )
        )
    return made


def call(workspace: Workspace, capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    capsys.readouterr()
    status = main(["identity", *arguments, "--workspace", str(workspace.root), "--json"])
    printed = capsys.readouterr()
    assert status == 0, printed.err
    return json.loads(printed.out)


def accounts_of(workspace: Workspace, capsys: pytest.CaptureFixture[str], account: str) -> list[str]:
    return [one["account"] for one in call(workspace, capsys, "show", account)]


def test_a_suggestion_is_shown_with_its_reasons_and_accepted(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["identity", "review", "--workspace", str(workspace.root)]) == 0
    shown = capsys.readouterr().out
    assert "the same handle, and of one no name is known" in shown
    assert "github:7 (ada, ada@acme.test)" in shown
    (suggestion,) = call(workspace, capsys, "review")["suggestions"]
    assert accounts_of(workspace, capsys, "circleci:ada") == ["circleci:ada"]
    (decided,) = call(workspace, capsys, "review", "--accept", suggestion["id"], *SAID)
    assert decided["suggestion"] == suggestion["id"]
    assert accounts_of(workspace, capsys, "circleci:ada") == ["github:7", "circleci:ada", "git:ada@acme.test"]
    assert call(workspace, capsys, "review")["suggestions"] == []


def test_a_rejected_suggestion_never_comes_back(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    (suggestion,) = call(workspace, capsys, "review")["suggestions"]
    call(workspace, capsys, "review", "--reject", suggestion["id"], *SAID)
    assert call(workspace, capsys, "review")["suggestions"] == []
    assert accounts_of(workspace, capsys, "circleci:ada") == ["circleci:ada"]


def test_merging_splitting_and_undoing_is_listed_in_its_order(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    (merged,) = call(workspace, capsys, "merge", "github:ada", "jira:lovelace", "--from", "2026-03-01", *SAID)
    (split,) = call(workspace, capsys, "split", "git:ada@acme.test", *SAID)
    call(workspace, capsys, "undo", str(split["decision"]), *SAID)
    listed = call(workspace, capsys, "decisions")
    assert [(one["kind"], one["holds"]) for one in listed] == [
        ("merge", True),
        ("split", False),
        ("undo", False),
    ]
    assert listed[0]["number"] == merged["decision"]
    assert listed[0]["valid_from"] == "2026-03-01T00:00:00+00:00"
    assert listed[0]["decided_by"] == "Grace Hopper"
    assert main(["identity", "decisions", "--workspace", str(workspace.root)]) == 0
    assert "split (undone)" in capsys.readouterr().out


def test_a_decision_is_a_leaf_under_a_signed_checkpoint_and_names_nobody(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    (decided,) = call(workspace, capsys, "merge", "github:ada", "jira:lovelace", *SAID)
    with Ledger(workspace.ledger, origin="assay/acme") as ledger:
        leaf = ledger.leaf("governance", decided["decision"])
        assert json.loads(leaf)["kind"] == "identity_decision"
        for name in (b"Grace", b"ada@", b"lovelace", b"sit beside"):  # "ada" alone may stand in a hash
            assert name not in leaf
        assert list(ledger.verify()) == []
        with closing(ledger.reader()) as reader:
            sealed = reader.execute("select max(size) from checkpoints where log = 'governance'").fetchone()
        assert sealed == (ledger.size("governance"),)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("merge", "github:ada", "jira:lovelace"), 2, "--by NAME and --reason TEXT"),
        (("merge", "github:nobody", "jira:lovelace", *SAID), 2, "nobody has seen an account github:nobody"),
        (("review", "--accept", "s0", *SAID), 2, "assay identity review"),
        (("undo", "77", *SAID), 2, "no decision 77"),
        (("show", "jira:x"), 2, "nobody has seen"),
    ],
)
def test_what_cannot_be_decided_is_said(
    workspace: Workspace,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    status: int,
    message: str,
) -> None:
    assert main(["identity", *arguments, "--workspace", str(workspace.root)]) == status
    assert message in capsys.readouterr().err


def test_a_lost_vault_learns_its_decisions_from_the_log(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    call(workspace, capsys, "merge", "github:ada", "jira:lovelace", *SAID)
    workspace.vault.unlink()
    with open_session(workspace, command="test", needs_sources=False) as session:
        session.vault().assign(table(seen("github:7", login="ada"), seen("jira:1", login="lovelace")))
    assert accounts_of(workspace, capsys, "jira:1") == ["github:7", "jira:1"]
    (decision,) = call(workspace, capsys, "decisions")
    assert (decision["decided_by"], decision["reason"]) == (None, None)


def test_decisions_and_settings_are_news_until_a_build_has_taken_them(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    con = duckdb.connect()
    create_state(con)

    def news(raw: RawBuild) -> RawBuild:
        with open_session(workspace, command="test", needs_sources=False) as session:
            return with_people_news(con, raw, ledger=session.ledger, vault=session.vault())

    nothing = RawBuild(0, frozenset(), frozenset(), has_new_windows=False, inputs={}, config={})
    first = news(nothing)
    assert first.news == {"vault.people"}
    record_config(con, first.config)
    assert news(nothing).news == frozenset()
    call(workspace, capsys, "merge", "github:ada", "jira:lovelace", *SAID)
    second = news(nothing)
    assert second.news == {"vault.people"}
    record_config(con, second.config)
    assert news(nothing).news == frozenset()
    workspace.settings_file.write_text(SETTINGS + "identity: {shared_mailboxes: [office@acme.test]}\n")
    assert news(nothing).news == {"vault.people"}
    workspace.settings_file.write_text(SETTINGS + "rules: {bots: {logins: [ada]}}\n")
    assert news(nothing).news == {"vault.people"}


def test_the_register_is_not_open_while_a_run_works(workspace: Workspace) -> None:
    with identity_register(workspace, at=utc_now()):
        assert main(["identity", "review", "--workspace", str(workspace.root)]) == 4


def test_the_settings_are_read_with_the_reporting_time_zone(tmp_path: Path) -> None:
    text = SOURCES + (
        "reporting: {time_zone: Europe/Berlin}\n"
        "people: [{name: ada, accounts: ['github:ada'], from: 2026-07-01}]\n"
    )
    settings, problems = examine(text, folder=tmp_path)
    assert problems == []
    assert settings is not None
    (person,) = identity_rules(settings).people
    assert person.valid_from.isoformat() == "2026-06-30T22:00:00+00:00"
    assert person.valid_until == FOR_EVER


def test_a_server_of_ones_own_gives_noreply_addresses_of_its_own(tmp_path: Path) -> None:
    text = (
        "organisation: acme\nsources:\n"
        "- {name: hub, kind: github, organisation: acme, token_env: T,\n"
        "  base_url: 'https://git.acme.test/api/v3'}\n"
        "- {name: lab, kind: gitlab, groups: [acme], token_env: T,\n"
        "  base_url: 'https://lab.acme.test/api/v4'}\n"
    )
    settings, problems = examine(text, folder=tmp_path)
    assert problems == []
    assert settings is not None
    assert identity_rules(settings).noreply_hosts == {
        "users.noreply.github.com": "github",
        "users.noreply.gitlab.com": "gitlab",
        "users.noreply.git.acme.test": "github",
        "users.noreply.lab.acme.test": "gitlab",
    }


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("people: [{name: ada, accounts: [ada]}]", "'ada' names no account"),
        ("people: [{name: ada, accounts: ['hithub:7']}]", "'hithub:7' names no account"),
        ("people: [{name: ada, accounts: []}]", "accounts"),
        ("people: [{name: a, accounts: ['git:a@b.c'], from: 2026-02-01, until: 2026-02-01}]", "ends before"),
        ("identity: {shared_mailboxes: [office]}", "shared_mailboxes"),
        ("identity: {email_from: [git]}", "'git' gives no e-mail addresses"),
    ],
)
def test_a_wrong_mapping_is_refused_with_its_place(tmp_path: Path, section: str, message: str) -> None:
    _, problems = examine(SOURCES + section, folder=tmp_path)
    assert any(message in str(problem) for problem in problems), problems
