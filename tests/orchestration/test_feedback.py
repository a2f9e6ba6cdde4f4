"""`assay feedback`: who may read, what is noted, and a citation by hand."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import duckdb
import pytest

from orchestration.command import main
from orchestration.session import open_ledger

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from orchestration.workspace import Workspace

TEXT = "You explained the rollback so calmly that everybody could follow."


@pytest.fixture
def workspace(make_workspace: Callable[..., Workspace]) -> Workspace:
    return make_workspace()


def run(workspace: Workspace, *arguments: str) -> int:
    return main(["feedback", *arguments, "--workspace", str(workspace.root)])


def give(workspace: Workspace, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    given = ["--from", "Grace Hopper", "--about", "Ada Lovelace", "--kind", "peer", "--text", TEXT]
    assert run(workspace, "give", *given, "--json", *options) == 0
    return str(json.loads(capsys.readouterr().out)["piece"])


def leaves(workspace: Workspace) -> list[dict[str, object]]:
    with open_ledger(workspace, workspace.settings()) as ledger:
        stop = ledger.size("governance")
        found = [json.loads(leaf) for _, leaf in ledger.leaves("governance", 0, stop)]
    return [leaf for leaf in found if str(leaf.get("kind", "")).startswith("feedback_")]


def test_the_subject_reads_and_no_trace_is_kept(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    piece = give(workspace, capsys)
    assert run(workspace, "show", piece, "--as", "ada  lovelace") == 0
    assert TEXT in capsys.readouterr().out
    assert leaves(workspace) == []


def test_a_read_by_the_giver_is_a_leaf_without_a_word_of_anybody(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    piece = give(workspace, capsys)
    assert run(workspace, "show", piece, "--as", "Grace Hopper") == 0
    assert run(workspace, "list", "--as", "Grace Hopper") == 0
    assert [(leaf["what"], leaf["part"]) for leaf in leaves(workspace)] == [
        ("show", "giver"),
        ("list", "giver"),
    ]
    written = json.dumps(leaves(workspace))
    assert not any(word in written for word in (piece, "Grace", "Ada", "rollback"))


def test_nobody_else_reads_and_is_not_even_told_that_there_is_a_piece(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    piece = give(workspace, capsys)
    assert run(workspace, "show", piece, "--as", "Alan Turing") == 2
    refused = capsys.readouterr().err
    assert run(workspace, "show", "fb_0000000000000000", "--as", "Alan Turing") == 2
    assert capsys.readouterr().err == refused.replace(piece, "fb_0000000000000000")
    assert run(workspace, "list", "--as", "Alan Turing") == 0
    assert "0 pieces" in capsys.readouterr().out
    assert run(workspace, "consent", piece, "--as", "Alan Turing") == 2


def test_a_configured_coach_reads_and_each_read_is_noted(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    piece = give(workspace, capsys)
    (workspace.governance / "feedback.yml").write_text("version: 1\ncoaches: [Alan Turing]\n")
    assert run(workspace, "show", piece, "--as", "Alan Turing") == 0
    assert [leaf["part"] for leaf in leaves(workspace)] == ["coach"]
    (workspace.governance / "feedback.yml").write_text("version: 1\ncoach: Alan Turing\n")
    assert run(workspace, "list", "--as", "Alan Turing") == 2
    assert "feedback.yml:2" in capsys.readouterr().err


def test_the_store_is_a_file_of_its_own_whose_words_are_sealed(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    piece = give(workspace, capsys)
    assert stat.S_IMODE(workspace.feedback.stat().st_mode) == 0o600
    assert stat.S_IMODE(workspace.feedback.parent.stat().st_mode) == 0o700
    with duckdb.connect(str(workspace.feedback), read_only=True) as con:
        rows = str(con.execute("select * from pieces").fetchall())
    assert piece in rows
    assert not any(word in rows for word in ("Grace", "Ada", "rollback"))


def test_a_citation_needs_consent_an_excerpt_and_a_basis(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    piece = give(workspace, capsys)
    wanted = ["cite", piece, "--assessment", "2027-h1-ada", "--as", "Grace Hopper"]
    excerpt = ["--excerpt", "explained the rollback so calmly", "--basis", "Teaching, level 3"]
    assert run(workspace, *wanted, *excerpt) == 2
    assert "has allowed it to be cited" in capsys.readouterr().err
    assert run(workspace, "consent", piece, "--as", "Ada Lovelace") == 0
    assert run(workspace, *wanted, "--excerpt", "explained it badly", "--basis", "x") == 2
    assert run(workspace, *wanted, "--excerpt", "calmly", "--basis", " ") == 2
    assert run(workspace, *[*wanted[:3], "../2027", *wanted[4:]], *excerpt) == 2
    assert not workspace.assessments.exists()
    assert [leaf for leaf in leaves(workspace) if leaf["kind"] == "feedback_citation"] == []


def test_a_citation_by_hand_is_copied_and_logged(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    piece = give(workspace, capsys, "--citable")
    wanted = ["cite", piece, "--assessment", "2027-h1-ada", "--as", "Grace Hopper", "--json"]
    assert run(workspace, *wanted, "--excerpt", "so calmly", "--basis", "Teaching, level 3") == 0
    cited = json.loads(capsys.readouterr().out)
    assert run(workspace, *wanted, "--excerpt", "could follow", "--basis", "Clarity") == 0
    file = workspace.assessments / "2027-h1-ada.md"
    assert cited["assessment"] == str(file)
    written = file.read_text()
    assert written.count("## Cited feedback") == 2
    assert "> so calmly" in written
    assert f"Leaf {cited['leaf_index']} of the governance log" in written
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (first, _) = [leaf for leaf in leaves(workspace) if leaf["kind"] == "feedback_citation"]
    assert first["allowed_by"] == ["giver"]
    assert not any(word in json.dumps(first) for word in (piece, "calmly", "Teaching", "2027-h1"))


def test_a_file_is_taken_whole_or_not_at_all(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "said.csv"
    head = "from,about,kind,given_at,text,citable\n"
    good = "Grace Hopper,Ada Lovelace,peer,2027-03-01T09:00:00+00:00,Well done,yes\n"
    file.write_text(
        head + good + "Ada Lovelace,Ada Lovelace,peer,2027-03-01,,no\n" + good.replace("peer", "gossip")
    )
    assert run(workspace, "import", str(file)) == 2
    refused = capsys.readouterr().err
    assert "line 3: text is empty" in refused
    assert "line 4: unknown kind of feedback 'gossip'" in refused
    assert not workspace.feedback.exists()
    file.write_text(head + good + good.replace("Well done", "Ask earlier"))
    assert run(workspace, "import", str(file)) == 0
    capsys.readouterr()
    assert run(workspace, "list", "--as", "Ada Lovelace", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(piece["kind"], piece["consents"]) for piece in listed] == [("peer", ["giver"])] * 2


def test_words_under_another_key_are_not_opened(tmp_path: Path) -> None:
    from governance.errors import FeedbackError  # noqa: PLC0415 - only here
    from governance.feedback import FeedbackStore, NewPiece, Person  # noqa: PLC0415

    def store(key: bytes) -> FeedbackStore:
        return FeedbackStore(tmp_path / "feedback.duckdb", key, random_bytes=lambda count: b"7" * count)

    piece = NewPiece(
        giver=Person("a", ("p_a",)),
        subject=Person("b", ("p_b",)),
        kind="peer",
        given_at=datetime(2027, 3, 1, tzinfo=UTC),
        text="x",
    )
    (name,) = store(b"k" * 32).add([piece])
    assert store(b"k" * 32).pieces()[0].text == "x"
    with pytest.raises(FeedbackError, match="another token key"):
        store(b"q" * 32).piece(name)
