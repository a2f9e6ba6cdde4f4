"""`assay dispute`: from the command line to the log, the private store and what everybody may read."""

import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
import yaml

from governance.cases.private_store import PrivateStore
from orchestration.cases.desks import cells_under_dispute
from orchestration.cases.reading import list_disputes
from orchestration.command import main
from orchestration.ledger.verification import verify_workspace
from orchestration.overview import overview
from orchestration.session import open_ledger
from orchestration.workspace import Workspace
from tests.orchestration.cases import (
    CANARY,
    answer,
    assay,
    furnish,
    key_of,
    refusal,
    signed_by,
    write_yaml,
)

ME = f"github:{CANARY}"
CELL = ("change_fail_rate", "--scope", "team:payments", "--period", "2026-04")
SAID = ("--reason", "wrong_record", "--text", "it says incident 7; that was a drill that only I ran")
OWN = ("change_fail_rate", "--scope", "person:me", "--period", "2026-04")


@pytest.fixture
def workspace(make_workspace: Callable[..., Workspace]) -> Workspace:
    made = make_workspace()
    furnish(made)
    return made


def opened(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[str, tuple[str, ...]]:
    """Open a dispute; return its name, and what proves later who opened it."""
    made = answer(workspace, capsys, "dispute", "open", *(words or CELL), *SAID, "--as", ME)
    return made["dispute"], ("--as", ME, "--receipt", made["receipt"])


def shared_files(workspace: Workspace) -> Iterator[Path]:
    private = {workspace.cases.parent, workspace.vault.parent}
    for path in workspace.root.rglob("*"):
        if path.is_file() and not private & set(path.parents):
            yield path


def test_a_dispute_goes_its_whole_way(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    name, proof = opened(workspace, capsys)
    trace = tmp_path / "trace.json"
    trace.write_text('{"cell": "…"}')
    assert assay(workspace, "dispute", "triage", name, *signed_by(workspace)) == 0
    assert (
        assay(workspace, "dispute", "send-evidence", name, "--file", str(trace), *signed_by(workspace)) == 0
    )
    saved = tmp_path / "mine"
    found = answer(workspace, capsys, "dispute", "show", name, *proof, "--save", str(saved))
    assert [event["event"] for event in found["events"]] == ["opened", "triaged", "evidence_sent"]
    assert [path.read_text() for path in saved.iterdir()] == [trace.read_text()]
    assert stat.S_IMODE(saved.stat().st_mode) == 0o700
    decided = ("dispute", "decide", name, "upheld", "--reason", "records_are_right")
    assert assay(workspace, *decided, *signed_by(workspace)) == 0
    assert answer(workspace, capsys, "dispute", "list") == []
    (row,) = answer(workspace, capsys, "dispute", "list", "--all")
    assert (row["state"], row["due_at"]) == ("upheld", None)


def test_the_complainant_is_named_in_no_shared_file_and_to_nobody_else(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    first, proof = opened(workspace, capsys)
    second, _ = opened(workspace, capsys, *OWN)
    refused = [
        refusal(workspace, capsys, "dispute", "withdraw", first, "--reason", "other", "--as", "github:other"),
        refusal(workspace, capsys, "dispute", "show", first, "--as", "github:other", "--receipt", "x"),
        refusal(workspace, capsys, "dispute", "triage", first, *signed_by(workspace, "Una Reed")),
    ]
    capsys.readouterr()
    assert assay(workspace, "dispute", "list") == 0
    assert assay(workspace, "dispute", "show", second) == 0
    assert assay(workspace, "status") == 0
    printed = capsys.readouterr()
    told = "\n".join([*refused, printed.out, printed.err])
    assert "drill" not in told
    for word in (CANARY, "Tilda"):
        assert word not in told
    found = {
        path.relative_to(workspace.root)
        for path in shared_files(workspace)
        for word in (CANARY.encode(), b"Tilda", b"drill", proof[-1].encode())
        if word in path.read_bytes()
    }
    assert found == set()
    assert CANARY.encode() in workspace.cases.read_bytes()  # the canary lives where it may
    assert "a person's own number" in printed.out


def test_only_people_whom_the_vault_knows_open_disputes(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refusal(workspace, capsys, "dispute", "open", *CELL, *SAID, "--as", "github:nobody")
    assert "nobody has seen an account called github:nobody" in said
    assert PrivateStore(workspace.cases).case_ids() == set()


def test_whoever_has_a_key_in_the_register_signs_with_it(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("dispute", "open", *CELL, *SAID, "--as", "github:rosa")
    assert "you have a key" in refusal(workspace, capsys, *words)
    another = str(key_of(workspace, "Omar Quill"))
    assert "is not a key that" in refusal(workspace, capsys, *words, "--key", another)
    mine = ("--key", str(key_of(workspace, "Rosa Palmer")))
    name = answer(workspace, capsys, *words, *mine)["dispute"]
    withdraw = ("dispute", "withdraw", name, "--reason", "mistaken", "--as", "github:rosa")
    assert assay(workspace, *withdraw, *mine) == 0


def test_a_reviewer_cannot_review_the_own_dispute(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = ("--as", "github:rosa", "--key", str(key_of(workspace, "Rosa Palmer")))
    name = answer(workspace, capsys, "dispute", "open", *CELL, *SAID, *mine)["dispute"]
    said = refusal(workspace, capsys, "dispute", "triage", name, *signed_by(workspace))
    assert "has a part in the dispute" in said
    assert assay(workspace, "dispute", "triage", name, *signed_by(workspace, "Omar Quill")) == 0


def test_a_metric_owner_does_not_review_with_another_key(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    register = workspace.governance / "signers.yml"
    known = yaml.safe_load(register.read_text(encoding="utf-8"))["signers"]
    owner = {"person": "omar quill", "public_key": "77" * 32, "roles": ["metric_owner"]}
    write_yaml(register, {"signers": [*known, owner]})
    name, _ = opened(workspace, capsys)
    said = refusal(workspace, capsys, "dispute", "triage", name, *signed_by(workspace, "Omar Quill"))
    assert "Omar Quill is not independent" in said
    assert "owns change_fail_rate" in said


def test_a_slip_of_the_pen_in_the_rules_makes_nobody_independent(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    name, _ = opened(workspace, capsys)
    reviewers = [{"person": "Rosa Palmer", "accounts": ["github:rossa"]}]
    write_yaml(workspace.governance / "disputes.yml", {"reviewers": reviewers})
    assert "github:rossa" in refusal(workspace, capsys, "dispute", "triage", name, *signed_by(workspace))


@pytest.mark.parametrize("team", ["payments", "commerce"])
def test_who_leads_the_team_of_the_cell_or_one_above_cannot_review(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], team: str
) -> None:
    name, _ = opened(workspace, capsys)
    reviewers = [{"person": "Rosa Palmer", "accounts": [], "leads": [team]}]
    write_yaml(workspace.governance / "disputes.yml", {"reviewers": reviewers})
    said = refusal(workspace, capsys, "dispute", "triage", name, *signed_by(workspace))
    assert "leads a team that the dispute is about" in said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("change_fail_rat", *CELL[1:]), "no metric change_fail_rat"),
        ((*CELL[:4], "2026-05"), "The publication has no change_fail_rate"),
        ((*CELL, "--normalisation", "per_moon"), "The publication has no change_fail_rate per_moon"),
        ((CELL[0], "--scope", "galaxy:far", *CELL[3:]), "no kind of scope"),
    ],
)
def test_a_number_that_is_not_published_cannot_be_disputed(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], message: str
) -> None:
    assert message in refusal(workspace, capsys, "dispute", "open", *words, *SAID, "--as", ME)
    assert PrivateStore(workspace.cases).case_ids() == set()


def test_an_own_number_that_nobody_has_cannot_be_disputed(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace.warehouse.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(workspace.warehouse)) as con:
        con.execute(
            "create schema marts; create schema intermediate; create table marts.dim_metrics as select "
            "'change_fail_rate' as metric, cast(null as varchar) as person_scope_sql, false as is_retired "
            "union all select 'changes_deployed', 'true', false; "
            "create table intermediate.int_reporting_periods as select 'month' as period_grain, "
            "date '2026-04-01' as period_start"
        )
    known = workspace.current / "analyst.duckdb"
    with duckdb.connect(str(known)) as con:
        con.execute("insert into marts.dim_metrics (metric, owner) values ('changes_deployed', 'x')")
    who = ("--scope", "person:me", *SAID, "--as", ME, "--period")
    never = refusal(workspace, capsys, "dispute", "open", "change_fail_rate", *who, "2026-04")
    assert "never a person's number. A person's own are changes_deployed" in never
    later = refusal(workspace, capsys, "dispute", "open", "changes_deployed", *who, "2031-04")
    assert "2031-04 is not covered; 2026-04 to 2026-04 is" in later
    assert answer(workspace, capsys, "dispute", "list") == []
    answer(workspace, capsys, "dispute", "open", "changes_deployed", *who, "2026-04")


def test_open_disputes_restrict_their_values_also_by_a_rate_and_one_s_own(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    first, proof = opened(workspace, capsys, *CELL, "--normalisation", "per_100_fte_days")
    opened(workspace, capsys, *OWN)
    with open_ledger(workspace, workspace.settings()) as ledger:
        found = cells_under_dispute(ledger, workspace)
        assert found is not None
        assert {key[:2] for key in found} == {("change_fail_rate", "team"), ("change_fail_rate", "person")}
    assert assay(workspace, "dispute", "withdraw", first, "--reason", "explained", *proof) == 0
    with open_ledger(workspace, workspace.settings()) as ledger:
        left = cells_under_dispute(ledger, workspace)
        assert left is not None
        assert {key[1] for key in left} == {"person"}
        workspace.cases.unlink()
        assert cells_under_dispute(ledger, workspace) is None  # nobody can say: incentive gates close


def test_an_overdue_dispute_is_listed_and_stays_open(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, _ = opened(workspace, capsys)
    later = datetime.now(UTC) + timedelta(days=400)
    (row,) = list_disputes(workspace, at=later)
    assert (row["dispute"], row["is_open"], row["is_overdue"]) == (name, True, True)
    monkeypatch.setattr("orchestration.overview.utc_now", lambda: later)
    lines = dict(overview(workspace).lines())
    assert lines["disputes"] == "1 open, 1 of them overdue: escalate them; assay dispute list"


def test_an_escalation_is_for_who_opened_it_and_for_reviewers(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    name, proof = opened(workspace, capsys)
    words = ("dispute", "escalate", name, "--reason", "no_reviewer")
    assert "either --as ACCOUNT" in refusal(workspace, capsys, *words)
    assert assay(workspace, *words, *proof) == 0
    assert assay(workspace, "dispute", "triage", name, *signed_by(workspace, "Una Reed")) == 0
    other, _ = opened(workspace, capsys, *OWN)
    handed_on = ("dispute", "escalate", other, "--reason", "not_independent")
    assert assay(workspace, *handed_on, *signed_by(workspace)) == 0


def test_tampering_with_the_private_store_is_found_by_verify(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    name, _ = opened(workspace, capsys)
    assert [one for one in verify_workspace(workspace) if one.part == "cases"] == []
    PrivateStore(workspace.cases).keep(name, 0, {"text": b"I said nothing"})
    found = [one for one in verify_workspace(workspace) if one.part == "cases"]
    assert found
    assert all(one.is_fatal and name in one.object_name for one in found)
    assert main(["verify", "--workspace", str(workspace.root)]) == 1


def test_a_purged_dispute_is_gone_and_its_steps_stay(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    name, proof = opened(workspace, capsys)
    assert assay(workspace, "dispute", "withdraw", name, "--reason", "explained", *proof) == 0
    purge = ("dispute", "purge", name, "--reason", "erasure_request")
    assert assay(workspace, *purge, *signed_by(workspace, "Una Reed")) == 0
    assert CANARY.encode() not in workspace.cases.read_bytes()
    assert "was purged" in refusal(workspace, capsys, "dispute", "show", name, *proof)
    found = answer(workspace, capsys, "dispute", "show", name)
    assert [event["event"] for event in found["events"]] == ["opened", "withdrawn", "purged"]
    assert [one for one in verify_workspace(workspace) if one.part == "cases"] == []


def test_facts_that_were_wrong_need_a_correction_in_force(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    name, _ = opened(workspace, capsys)
    trace = tmp_path / "trace.json"
    trace.write_text("{}")
    assert assay(workspace, "dispute", "triage", name, *signed_by(workspace)) == 0
    assert (
        assay(workspace, "dispute", "send-evidence", name, "--file", str(trace), *signed_by(workspace)) == 0
    )
    decide = ("dispute", "decide", name, "corrected", "--reason", "facts_corrected", *signed_by(workspace))
    assert "name the correction" in refusal(workspace, capsys, *decide)
    proposed = ("correction", "propose", "is_production", "false", "--fact", "deployment:d1")
    why = ("--reason", "not_production", "--text", "a drill", "--evidence", str(trace), "--dispute", name)
    made = answer(workspace, capsys, *proposed, *why, *signed_by(workspace))["correction"]
    assert "is waiting" in refusal(workspace, capsys, *decide, "--correction", made)
    assert assay(workspace, "correction", "approve", made, *signed_by(workspace, "Omar Quill")) == 0
    assert assay(workspace, *decide, "--correction", made) == 0
    found = answer(workspace, capsys, "dispute", "show", name)
    assert found["events"][-1]["facts"]["correction"] == made


def test_a_file_that_is_not_there_attaches_nothing(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    name, _ = opened(workspace, capsys)
    assert assay(workspace, "dispute", "triage", name, *signed_by(workspace)) == 0
    words = ("dispute", "send-evidence", name, "--file", str(tmp_path / "none.json"))
    assert "Cannot attach" in refusal(workspace, capsys, *words, *signed_by(workspace))
    assert answer(workspace, capsys, "dispute", "show", name)["state"] == "triaged"
