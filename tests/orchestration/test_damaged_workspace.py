"""`assay verify` over what somebody broke: the object is named, and the rest is checked nevertheless."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.session import open_session
from orchestration.workspace import SIGNING_KEY, Workspace
from tests.orchestration.cases import CANARY, answer, assay, furnish

OWN = ("change_fail_rate", "--scope", "person:me", "--period", "2026-04")
CELL = ("change_fail_rate", "--scope", "team:payments", "--period", "2026-04")


@pytest.fixture
def workspace(make_workspace: Callable[..., Workspace], capsys: pytest.CaptureFixture[str]) -> Workspace:
    made = make_workspace()
    furnish(made)
    with open_session(made, command="test", needs_sources=False) as session:
        session.store.close()
    said = ("--reason", "wrong_record", "--text", "that was a drill", "--as", f"github:{CANARY}")
    for number in (CELL, OWN):
        answer(made, capsys, "dispute", "open", *number, *said)
    return made


def altered(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as con:
        con.execute(statement)
    con.close()


@pytest.mark.parametrize(
    "statement",
    [
        "drop table payload_leaves",
        "drop table governance_nodes",
        "drop table evidence_files",
        "drop table evidence_pages",
        "drop table scopes",
        "drop table validators",
        "drop table redactions",
        "insert into redactions values (0, 0)",
        "update governance_leaves set leaf = x'00ff'",
        """update governance_leaves set leaf = cast('{"kind":"dispute_event"}' as blob)""",
    ],
)
def test_an_altered_ledger_is_named_whatever_stumbles_over_it(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], statement: str
) -> None:
    altered(workspace.ledger, statement)
    capsys.readouterr()
    assert assay(workspace, "verify") == 1
    printed = capsys.readouterr()
    assert "unexpected" not in printed.err
    assert "ledger.sqlite" in printed.out
    assert "restore each from a backup" in printed.out


@pytest.mark.parametrize("part", ["cell", "tokens", "actor", "text"])
def test_garbage_in_the_private_store_names_its_case(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], part: str
) -> None:
    altered(workspace.cases, f"update contents set content = x'00ff' where part = '{part}'")
    capsys.readouterr()
    assert assay(workspace, "verify") == 1
    assert f"its part {part} is not what was committed to" in capsys.readouterr().out


def test_a_file_that_is_no_ledger_is_named(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    workspace.ledger.write_bytes(b"not a ledger")
    capsys.readouterr()
    assert assay(workspace, "verify") == 1
    assert (
        "DIFFERS ledger: ledger.sqlite: the header is not that of an SQLite file" in capsys.readouterr().out
    )


def test_without_a_key_that_is_trusted_verification_says_so(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    key = workspace.key(SIGNING_KEY, workspace.settings())
    key.rename(key.with_suffix(".away"))
    capsys.readouterr()
    assay(workspace, "verify")
    assert "note    key: signing.key: there is none, so checkpoints" in capsys.readouterr().out
    key.write_bytes(b"\x00\xff")
    assert assay(workspace, "verify") == 2
    assert "cannot be read as a signing key" in capsys.readouterr().err
