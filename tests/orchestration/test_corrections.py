"""`assay correction`: found in the publication, signed by two people, and a table that the models read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.cases.desks import correction_rows
from orchestration.ledger.verification import verify_workspace
from orchestration.session import open_ledger
from orchestration.workspace import Workspace
from tests.orchestration.cases import answer, assay, furnish, refusal, signed_by

WHY = ("--reason", "not_production", "--text", "it was a drill")


@pytest.fixture
def workspace(make_workspace: Callable[..., Workspace]) -> Workspace:
    made = make_workspace()
    furnish(made)
    (made.root / "drill.txt").write_text("minutes of the drill")
    return made


def evidence(workspace: Workspace) -> tuple[str, str]:
    return "--evidence", str(workspace.root / "drill.txt")


def propose(workspace: Workspace, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    given = ("correction", "propose", *words, *WHY, *evidence(workspace), *signed_by(workspace))
    return str(answer(workspace, capsys, *given)["correction"])


def refused(workspace: Workspace, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    given = ("correction", "propose", *words, *WHY, *evidence(workspace), *signed_by(workspace))
    return refusal(workspace, capsys, *given)


def approve(workspace: Workspace, name: str, person: str = "Omar Quill") -> int:
    return assay(workspace, "correction", "approve", name, *signed_by(workspace, person))


def rows(workspace: Workspace) -> list[tuple[str, str, str, str | None]]:
    with open_ledger(workspace, workspace.settings()) as ledger:
        found = correction_rows(ledger)["corrections"].to_pylist()
    return [(row["fact"], row["fact_part_id"], row["column_name"], row["value"]) for row in found]


def test_a_correction_reaches_the_models_with_its_second_signature(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    name = propose(workspace, capsys, "is_production", "false", "--fact", "deployment:d1")
    assert rows(workspace) == []
    assert approve(workspace, name, "Rosa Palmer") == 2
    assert rows(workspace) == []
    assert approve(workspace, name) == 0
    assert rows(workspace) == [
        ("deployment", "d1", "is_production", "false"),
        ("deployment", "d2", "is_production", "false"),
    ]
    (row,) = answer(workspace, capsys, "correction", "list")
    assert (row["state"], row["was"], row["service_id"]) == ("in_force", "true", "shop")
    assert row["publication"].startswith("lacks it: run")


def test_an_incident_is_corrected_as_every_tool_tells_of_it(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    name = propose(workspace, capsys, "resolved_at", "none", "--fact", "incident:page1")
    assert approve(workspace, name) == 0
    assert rows(workspace) == [
        ("incident", "i1", "resolved_at", None),
        ("incident", "page1", "resolved_at", None),
    ]


def test_a_record_names_the_fact_that_it_makes(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("issue_type", "Bug", "--record", "61", "--path", "$.fields.issuetype.name")
    propose(workspace, capsys, *words)
    (row,) = answer(workspace, capsys, "correction", "list")
    assert (row["fact_id"], row["record_id"], row["json_path"]) == ("n1", 61, "$.fields.issuetype.name")


def test_one_part_of_a_deployment_is_corrected_alone(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("finished_at", "2026-05-06T12:00:00Z", "--fact", "deployment:d1")
    assert "has several parts" in refused(workspace, capsys, *words)
    name = propose(workspace, capsys, *words, "--part", "d2")
    assert approve(workspace, name) == 0
    assert rows(workspace) == [("deployment", "d2", "finished_at", "2026-05-06T12:00:00+00:00")]


def test_a_revoked_correction_leaves_the_models(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    name = propose(workspace, capsys, "is_production", "false", "--fact", "deployment:d3")
    assert approve(workspace, name) == 0
    words = ("correction", "revoke", name, "--reason", "wrong_correction")
    assert answer(workspace, capsys, *words, *signed_by(workspace))["state"] == "revocation_waiting"
    assert len(rows(workspace)) == 1
    assert answer(workspace, capsys, *words, *signed_by(workspace, "Omar Quill"))["state"] == "revoked"
    assert rows(workspace) == []
    purge = ("correction", "purge", name, "--reason", "retention", *signed_by(workspace, "Una Reed"))
    assert assay(workspace, *purge) == 0
    assert [one for one in verify_workspace(workspace) if one.part == "cases"] == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("is_production", "false", "--fact", "deployment:d9"), "no deployment d9"),
        (("is_production", "false", "--fact", "deployment:d1", "--part", "d9"), "with a part d9"),
        (("is_production", "true", "--fact", "deployment:d1"), "is true in the publication already"),
        (("is_production", "false", "--fact", "service:shop"), "no kind of fact"),
        (("commit_sha", "abc", "--fact", "deployment:d1"), "cannot be corrected"),
        (("is_production", "false"), "Name what is wrong"),
        (("is_production", "false", "--record", "99"), "makes no fact"),
        (("severity", "sev2", "--fact", "incident:i1", "--record", "41"), "none of those that make"),
        (
            ("severity", "sev2", "--fact", "incident:i1", "--evidence-record", "999999999"),
            "no record 999999999",
        ),
        (("severity", "sev2", "--fact", "incident:i1", "--dispute", "d-none"), "no dispute d-none"),
        (("severity", "sev2", "--fact", "incident:i1", "--path", "severity"), "starts with $"),
        (("severity", "sev1 " * 20, "--fact", "incident:i1"), "64 characters at most"),
        (("severity", "sev2\n\x1b[31m", "--fact", "incident:i1"), "64 characters at most"),
        (("resolved_at", "0001-01-01T00:00:00+05:00", "--fact", "incident:i1"), "years 1 to 9999"),
        (("resolved_at", "2026-05-06", "--fact", "incident:i1"), "2026-05-06T00:00:00Z in UTC"),
        (("resolved_at", "2999-05-06T10:00:00Z", "--fact", "incident:i1"), "still to come"),
        (("resolved_at", "2026-05-06T09:59:59Z", "--fact", "incident:i1"), "before started_at"),
        (("started_at", "2026-05-06T12:00:01Z", "--fact", "incident:i1"), "the one first that makes"),
        (("finished_at", "2026-05-07T08:59:59Z", "--fact", "deployment:d3"), "before started_at"),
    ],
)
def test_what_cannot_be_corrected_is_refused_and_leaves_nothing(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], message: str
) -> None:
    assert message in refused(workspace, capsys, *words)
    assert answer(workspace, capsys, "correction", "list") == []


def test_a_span_of_which_both_ends_are_wrong_is_moved_end_by_end(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    propose(workspace, capsys, "resolved_at", "2026-05-09T12:00:00Z", "--fact", "incident:i1")
    propose(workspace, capsys, "started_at", "2026-05-09T10:00:00Z", "--fact", "incident:i1")
    said = refused(workspace, capsys, "resolved_at", "2026-05-09T09:00:00Z", "--fact", "incident:i1")
    assert "before started_at, which is 2026-05-09T10:00:00+00:00" in said


def test_a_folder_is_no_key(workspace: Workspace, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ("correction", "approve", "k-1", "--signed-by", f"Rosa Palmer={tmp_path}")
    assert "cannot read the signing key of Rosa Palmer" in refusal(workspace, capsys, *words)


def test_a_correction_needs_evidence(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("correction", "propose", "is_production", "false", "--fact", "deployment:d1", *WHY)
    assert "needs evidence" in refusal(workspace, capsys, *words, *signed_by(workspace))


def test_the_words_and_the_evidence_of_a_correction_stay_private(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    propose(workspace, capsys, "is_production", "false", "--fact", "deployment:d1")
    assert b"minutes of the drill" in workspace.cases.read_bytes()
    (listed,) = answer(workspace, capsys, "correction", "list")
    show = ("correction", "show", listed["correction"], "--save", str(workspace.root / "seen"))
    assert "does not hold the role" in refusal(workspace, capsys, *show, *signed_by(workspace, "Una Reed"))
    shown = answer(workspace, capsys, *show, *signed_by(workspace, "Omar Quill"))
    assert "  it was a drill" in shown["words"]
    assert [path.read_text() for path in (workspace.root / "seen").iterdir()] == ["minutes of the drill"]
    assert b"drill" not in workspace.ledger.read_bytes()


def test_a_correction_by_keys_of_nobody_known_or_of_one_person_is_named(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever can write the ledger could sign with two keys of an own making."""
    name = propose(workspace, capsys, "is_production", "false", "--fact", "deployment:d1")
    assert approve(workspace, name) == 0
    register = workspace.governance / "signers.yml"
    written = register.read_text()

    def told() -> list[tuple[str, bool]]:
        found = [one for one in verify_workspace(workspace) if one.part == "cases"]
        assert {one.object_name for one in found} <= {name}
        return [(one.problem.partition(" (")[0], one.is_fatal) for one in found]

    assert told() == []
    register.write_text(written.replace("Omar Quill", "Rosa  Palmer"))
    assert told() == [("is in force by two keys of one person; it takes two people", True)]
    register.write_text("signers: []")
    assert told() == [("is in force by keys that governance/signers.yml gives to nobody", False)]
