"""Corrections: what may be said of a fact, who says it, and when it holds."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from governance.cases.correctable import CORRECTABLE, canonical_value, check_words
from governance.cases.corrections import Overlay, corrections_in_force, overlay_rows, read_corrections
from governance.cases.events import CORRECTION
from governance.cases.verification import compare_cases
from governance.errors import CaseError, CorrectionError
from governance.signers import RegisteredSigner, Signer, SignerRegister
from tests.governance.cases.office import KEYS, REGISTER, Office

ROSA, OMAR, TILDA, UNA = (KEYS[name] for name in ("Rosa Palmer", "Omar Quill", "Tilda Moss", "Una Reed"))
OVERLAY = Overlay(
    fact="deployment",
    fact_id="d1",
    part_ids=("d1", "d2"),
    service_id="shop",
    column="is_production",
    value="false",
    was="true",
    evidence_record_id=41,
)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def propose(office: Office, overlay: Overlay = OVERLAY, signer: Signer = ROSA, **more: Any) -> str:
    given = {"text": "it was a drill", "reason_code": "not_production", "at": office.later(), **more}
    return office.corrections.propose(overlay, signer, **given).event.case_id


def in_force(office: Office) -> list[str]:
    return [one.case_id for one in corrections_in_force(enumerate(office.log.leaves))]


def approved(office: Office, overlay: Overlay = OVERLAY) -> str:
    case_id = propose(office, overlay)
    office.corrections.approve(case_id, OMAR, at=office.later())
    return case_id


def revoke(office: Office, case_id: str, signer: Signer) -> None:
    office.corrections.revoke(case_id, signer, reason_code="wrong_correction", at=office.later())


def test_a_correction_is_in_force_once_a_second_person_has_signed_it(office: Office) -> None:
    case_id = propose(office)
    assert in_force(office) == []
    recorded = office.corrections.approve(case_id, OMAR, at=office.later())
    assert in_force(office) == [case_id]
    (row, other) = overlay_rows(corrections_in_force(enumerate(office.log.leaves)))
    assert row == {
        "fact": "deployment",
        "fact_part_id": "d1",
        "service_id": "shop",
        "column_name": "is_production",
        "value": "false",
        "correction_id": case_id,
        "leaf_index": recorded.index,
    }
    assert other == {**row, "fact_part_id": "d2"}


@pytest.mark.parametrize("spelt", ["Rosa Palmer", "Rosa  Palmer", "rosa palmer", "Rosa\u200b Palmer"])
def test_four_eyes_are_those_of_two_people_and_not_of_two_keys(office: Office, spelt: str) -> None:
    second_key = Signer(spelt, bytes([77]) * 32)
    entry = RegisteredSigner(spelt, second_key.public_key, ("correction",))
    office.register = SignerRegister.of([*REGISTER.signers, entry])
    case_id = propose(office)
    with pytest.raises(CorrectionError, match="four eyes"):
        office.corrections.approve(case_id, ROSA, at=office.later())
    with pytest.raises(CorrectionError, match="four eyes"):
        office.corrections.approve(case_id, second_key, at=office.later())
    assert in_force(office) == []


def test_a_long_value_is_refused_when_it_is_proposed_and_readable_where_the_log_has_it() -> None:
    long = Overlay(
        fact="incident",
        fact_id="i1",
        part_ids=("i1",),
        service_id=None,
        column="severity",
        value="sev1 " * 15 + "x",
    )
    with pytest.raises(CorrectionError, match="64 characters at most"):
        check_words(long.column, long.value)
    assert Overlay.from_document(long.to_document()) == long


def test_only_holders_of_the_role_sign(office: Office) -> None:
    with pytest.raises(CorrectionError, match="does not hold the role 'correction'"):
        propose(office, signer=UNA)
    case_id = propose(office)
    with pytest.raises(CorrectionError, match="does not hold the role 'correction'"):
        office.corrections.approve(case_id, UNA, at=office.later())
    with pytest.raises(CorrectionError, match="the key is not that of Omar Quill"):
        office.corrections.approve(case_id, replace(TILDA, person="Omar Quill"), at=office.later())


def test_a_correction_is_revoked_by_two_people_and_holds_until_the_second_has_signed(office: Office) -> None:
    case_id = approved(office)
    revoke(office, case_id, OMAR)
    assert office.corrections.find(case_id).state == "revocation_waiting"
    assert in_force(office) == [case_id]
    with pytest.raises(CorrectionError, match="four eyes"):
        revoke(office, case_id, OMAR)
    revoke(office, case_id, TILDA)
    assert in_force(office) == []
    with pytest.raises(CorrectionError, match="is revoked"):
        office.corrections.approve(case_id, TILDA, at=office.later())


def test_a_proposal_that_only_waits_is_taken_back_by_one(office: Office) -> None:
    case_id = propose(office)
    revoke(office, case_id, ROSA)
    assert office.corrections.find(case_id).state == "revoked"
    with pytest.raises(CorrectionError, match="is revoked"):
        office.corrections.approve(case_id, OMAR, at=office.later())


def test_of_two_corrections_of_one_column_the_newer_holds_and_the_older_again_when_it_is_revoked(
    office: Office,
) -> None:
    older = approved(office)
    newer = approved(office, replace(OVERLAY, part_ids=("d1",), value="true"))
    rows = overlay_rows(corrections_in_force(enumerate(office.log.leaves)))
    assert [(row["correction_id"], row["value"]) for row in rows] == [(newer, "true"), (older, "false")]
    revoke(office, newer, ROSA)
    revoke(office, newer, OMAR)
    rows = overlay_rows(corrections_in_force(enumerate(office.log.leaves)))
    assert [row["correction_id"] for row in rows] == [older, older]


def test_what_counts_is_when_it_came_into_force_and_not_when_it_was_proposed(office: Office) -> None:
    first, second = propose(office), propose(office, replace(OVERLAY, value="true"))
    office.corrections.approve(second, OMAR, at=office.later())
    office.corrections.approve(first, OMAR, at=office.later())
    rows = overlay_rows(corrections_in_force(enumerate(office.log.leaves)))
    assert {row["correction_id"] for row in rows} == {first}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"text": " "}, "says in words why"),
        ({"reason_code": "because"}, "is no reason of a correction"),
        ({"overlay": replace(OVERLAY, evidence_record_id=None)}, "needs evidence"),
    ],
)
def test_a_correction_without_reason_words_or_evidence_is_refused(
    office: Office, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(CorrectionError, match=message):
        propose(office, **change)
    assert len(office.log.leaves) == 1


def test_evidence_that_is_a_file_stays_private_with_its_name(office: Office) -> None:
    overlay = replace(OVERLAY, evidence_record_id=None)
    case_id = propose(office, overlay, evidence={"statement of Tilda.txt": b"it was a drill, says Tilda"})
    assert all(word not in leaf for leaf in office.log.leaves for word in (b"Tilda", b"drill"))
    kept = office.store.contents(case_id, 0)
    assert (kept["file_0"], kept["file_0_name"]) == (b"it was a drill, says Tilda", b"statement of Tilda.txt")
    assert list(compare_cases(office.cases(), office.store)) == []


def test_the_words_of_a_revoked_correction_can_be_purged(office: Office) -> None:
    case_id = approved(office)
    with pytest.raises(CorrectionError, match="only one that is revoked"):
        office.corrections.purge(case_id, UNA, reason_code="retention", at=office.later())
    revoke(office, case_id, ROSA)
    revoke(office, case_id, OMAR)
    assert office.corrections.purge(case_id, UNA, reason_code="retention", at=office.later())
    assert office.store.case_ids() == set()
    assert list(compare_cases(office.cases(), office.store)) == []
    assert office.corrections.find(case_id).state == "revoked"
    assert office.corrections.purge(case_id, UNA, reason_code="retention", at=office.later()) is None


def test_an_approval_that_nobody_signed_stops_whoever_reads_the_log(office: Office) -> None:
    case_id = propose(office)
    office.corrections.approve(case_id, OMAR, at=office.later())
    document = json.loads(office.log.leaves[-1])
    document["signature"] = None
    office.log.leaves[-1] = json.dumps(document, separators=(",", ":"), sort_keys=True).encode()
    with pytest.raises(CorrectionError, match="nobody signed"):
        corrections_in_force(enumerate(office.log.leaves))


def test_an_approval_by_the_same_key_stops_whoever_reads_the_log(office: Office) -> None:
    case_id = propose(office)
    chain = read_corrections(enumerate(office.log.leaves))[case_id].events
    forged = replace(
        chain[0].event, number=1, previous=chain[0].event.digest(), event="approved", facts={}, contents={}
    )
    forged = replace(forged, reason_code="evidence_checked", signature=None).signed_by(ROSA)
    office.log.leaves.append(forged.leaf())
    with pytest.raises(CorrectionError, match="four eyes"):
        corrections_in_force(enumerate(office.log.leaves))


def test_a_value_that_was_altered_in_the_log_breaks_the_signature(office: Office) -> None:
    approved(office)
    office.log.leaves[1] = office.log.leaves[1].replace(b'"value":"false"', b'"value":"true"')
    with pytest.raises(CaseError, match="the signature is not over this event"):
        corrections_in_force(enumerate(office.log.leaves))


@pytest.mark.parametrize(
    ("fact", "column", "given", "value"),
    [
        ("deployment", "finished_at", "2026-05-03T14:00:00+02:00", "2026-05-03T12:00:00+00:00"),
        ("deployment", "outcome", "failed_rollout", "failed_rollout"),
        ("deployment", "is_production", "false", "false"),
        ("incident", "resolved_at", "none", None),
        ("incident", "severity", " sev1 ", "sev1"),
        ("issue", "issue_type", "Bug", "Bug"),
    ],
)
def test_a_right_value_has_one_spelling(fact: str, column: str, given: str, value: str | None) -> None:
    assert canonical_value(fact, column, given) == value


@pytest.mark.parametrize(
    ("fact", "column", "given", "message"),
    [
        ("deployment", "finished_at", "2026-05-03T14:00:00", "needs a time zone"),
        ("deployment", "finished_at", "yesterday", "is an instant such as"),
        ("deployment", "finished_at", "none", "is an instant such as"),
        ("deployment", "outcome", "fine", "success or failed_rollout"),
        ("deployment", "is_production", "no", "true or false"),
        ("deployment", "commit_sha", "abc", "cannot be corrected"),
        ("incident", "severity", "", "says what severity is"),
        ("change", "deployed_at", "x", "no kind of fact"),
    ],
)
def test_what_is_no_value_of_a_correctable_column_is_refused(
    fact: str, column: str, given: str, message: str
) -> None:
    with pytest.raises(CorrectionError, match=message):
        canonical_value(fact, column, given)


def test_nothing_about_a_person_can_be_corrected_by_an_overlay() -> None:
    columns = {name for fields in CORRECTABLE.values() for name in fields}
    assert not {name for name in columns if "token" in name or "author" in name or "person" in name}


@pytest.mark.parametrize(
    "change",
    [
        {"value": "FALSE"},
        {"part_ids": ()},
        {"json_path": "$.environment"},
        {"record_id": 4, "json_path": "environment"},
    ],
)
def test_an_overlay_that_does_not_fit_together_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(CorrectionError):
        replace(OVERLAY, **change)


def test_an_overlay_is_read_back_as_it_was_signed(office: Office) -> None:
    propose(office, OVERLAY)
    assert Overlay.from_document(OVERLAY.to_document()) == OVERLAY
    (events,) = office.docket(CORRECTION).cases().values()
    assert events[0].event.facts["overlay"] == OVERLAY.to_document()
