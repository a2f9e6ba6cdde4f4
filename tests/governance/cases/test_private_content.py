"""The private store: what is altered, lost or cut off is found; what is purged is gone; nobody is named."""

import json
import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from governance.cases.commitments import case_commitment
from governance.cases.events import DISPUTE, read_cases
from governance.cases.private_store import PrivateStore
from governance.cases.verification import CaseFinding, compare_cases
from governance.errors import CaseError, DisputeError
from tests.governance.cases.office import KEYS, OWN, TILDA, Office

CANARY = "Tilda-canary-7731"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def findings(office: Office) -> list[CaseFinding]:
    return list(compare_cases(office.cases(), office.store))


def test_the_store_is_its_owners_alone(office: Office) -> None:
    office.open()
    assert stat.S_IMODE(office.store.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(office.store.path.parent.stat().st_mode) == 0o700
    office.store.path.chmod(0o640)
    with pytest.raises(CaseError, match="others may read the private store"):
        office.open(OWN)


def test_what_was_kept_is_what_was_committed_to(office: Office) -> None:
    office.bring_to("upheld")
    office.open(OWN, by=replace(TILDA, signer=KEYS["Tilda Moss"]))
    assert findings(office) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            "update contents set content = x'00' where part = 'text'",
            "its part text is not what was committed to",
        ),
        (
            "update contents set content = x'00' where part = 'actor'",
            "its part actor is not what was committed",
        ),
        ("delete from contents where part = 'tokens'", "its part tokens is missing"),
        (
            "insert into contents select case_id, 1, 'text', x'68' from cases",
            "a part text that nobody committed to",
        ),
        ("update cases set key = zeroblob(32)", "its part actor is not what was committed to"),
        ("update cases set key = null", "has no key of it"),
        ("update contents set number = 7 where number = 1", "its part actor is missing"),
        (
            "update contents set content = x'7b7d' where part = 'signature'",
            "its private signature is not over this event",
        ),
    ],
    ids=["words", "name", "lost part", "added part", "another key", "no key", "moved", "signature"],
)
def test_tampering_with_the_store_is_found_and_names_nobody(
    office: Office, change: str, problem: str
) -> None:
    case_id = office.open(by=replace(TILDA, signer=KEYS["Tilda Moss"]))
    office.does(case_id, "triaged", "in_scope")
    with sqlite3.connect(office.store.path) as con:
        assert con.execute(change).rowcount > 0
    found = findings(office)
    assert any(problem in one.problem and one.is_fatal for one in found), found
    assert all(case_id in one.object_name and "ilda" not in one.problem for one in found)


def test_a_store_that_is_gone_is_found(office: Office) -> None:
    office.open()
    office.store.path.unlink()
    assert [one.problem for one in findings(office)] == ["the private store has no key of it"]


def test_a_store_that_is_no_store_is_an_error_that_says_what_to_do(office: Office) -> None:
    office.open()
    office.store.path.write_bytes(b"no database at all, but long enough to be taken for one" * 50)
    with pytest.raises(CaseError, match="Restore it from its backup"):
        findings(office)


class TestChains:
    """The log's own tree is the ledger's business; a case's chain is read without it."""

    def dispute(self, office: Office) -> list[bytes]:
        office.bring_to("upheld")
        return list(office.log.leaves)

    def test_an_event_that_is_left_out_is_found(self, office: Office) -> None:
        leaves = self.dispute(office)
        with pytest.raises(CaseError, match="does not follow the one before"):
            read_cases(enumerate([*leaves[:2], *leaves[3:]]), DISPUTE)

    def test_events_in_another_order_are_found(self, office: Office) -> None:
        leaves = self.dispute(office)
        leaves[2], leaves[3] = leaves[3], leaves[2]
        with pytest.raises(CaseError, match="does not follow the one before"):
            read_cases(enumerate(leaves), DISPUTE)

    def test_an_event_that_is_there_twice_is_found(self, office: Office) -> None:
        leaves = self.dispute(office)
        with pytest.raises(CaseError, match="does not follow the one before"):
            read_cases(enumerate([*leaves, leaves[-1]]), DISPUTE)

    @pytest.mark.parametrize("part", ["event", "at", "reason_code", "role", "actor"])
    def test_a_signed_event_that_is_altered_is_found(self, office: Office, part: str) -> None:
        leaves = self.dispute(office)
        document = json.loads(leaves[-1])
        document[part] = "2027-01-01T00:00:00+00:00" if part == "at" else "corrected"
        leaves[-1] = json.dumps(document, separators=(",", ":"), sort_keys=True).encode()
        with pytest.raises(CaseError, match="the signature is not over this event"):
            read_cases(enumerate(leaves), DISPUTE)

    def test_words_of_another_leaf_are_no_event(self) -> None:
        quoted = b'{"kind":"note","text":"\\"kind\\":\\"dispute_event\\"","also":{"kind":"dispute_event"}}'
        assert read_cases([(0, quoted), (1, b'"kind":"dispute_event" and no JSON')], DISPUTE) == {}

    def test_a_newer_version_says_so(self) -> None:
        with pytest.raises(CaseError, match="use a newer one"):
            read_cases([(0, b'{"kind":"dispute_event","v":2}')], DISPUTE)


class TestPurging:
    def purge(self, office: Office, case_id: str) -> None:
        una = office.handler("Una Reed")
        office.disputes.purge(case_id, una, reason_code="erasure_request", at=office.later())

    def test_a_purged_case_is_gone_byte_for_byte_and_its_steps_stay_verifiable(self, office: Office) -> None:
        case_id = office.bring_to("withdrawn", text=CANARY)
        assert CANARY.encode() in office.store.path.read_bytes()
        self.purge(office, case_id)
        left = b"".join(path.read_bytes() for path in office.store.path.parent.iterdir())
        assert CANARY.encode() not in left
        assert b"github:tilda" not in left
        assert findings(office) == []
        dispute = office.disputes.find(case_id)
        assert dispute.is_purged
        assert [each.event.event for each in dispute.events] == ["opened", "withdrawn", "purged"]

    def test_what_is_gone_cannot_be_guessed_from_the_log(self, office: Office) -> None:
        case_id = office.bring_to("withdrawn")
        key = office.store.key(case_id)
        assert key is not None
        committed = office.disputes.find(case_id).events[0].event.actor
        assert case_commitment(key, "actor", b"github:tilda") == committed
        self.purge(office, case_id)
        assert office.store.key(case_id) is None
        assert case_commitment(bytes(32), "actor", b"github:tilda") != committed

    def test_other_cases_keep_what_is_theirs(self, office: Office) -> None:
        case_id, other = office.bring_to("withdrawn"), office.open(OWN)
        self.purge(office, case_id)
        assert office.disputes.find(other).cell == OWN

    def test_an_open_dispute_is_not_purged_and_not_by_everybody(self, office: Office) -> None:
        case_id = office.open()
        with pytest.raises(DisputeError, match="cannot follow"):
            self.purge(office, case_id)
        office.asks(case_id, "withdrawn", "explained")
        with pytest.raises(DisputeError, match="does not hold the role 'redaction'"):
            office.disputes.purge(
                case_id, office.handler("Rosa Palmer"), reason_code="retention", at=office.later()
            )

    def test_a_purge_that_was_cut_off_is_found_and_finished_by_doing_it_again(
        self, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        case_id = office.bring_to("withdrawn")
        with monkeypatch.context() as patched:
            patched.setattr(PrivateStore, "purge", lambda *_: None)
            self.purge(office, case_id)
        (found,) = findings(office)
        assert "its content is still there; purge it again" in found.problem
        size = len(office.log.leaves)
        self.purge(office, case_id)
        assert findings(office) == []
        assert len(office.log.leaves) == size
        with pytest.raises(DisputeError, match="is purged already"):
            self.purge(office, case_id)


def test_a_command_that_was_cut_off_leaves_words_without_an_event_and_the_next_one_replaces_them(
    office: Office,
) -> None:
    case_id = office.open()
    office.log.is_cut_off = True
    with pytest.raises(KeyboardInterrupt):
        office.does(case_id, "triaged", "in_scope", contents={"text": b"first attempt"})
    assert findings(office) == []  # the words of an event that never was bother nobody
    office.does(case_id, "triaged", "in_scope", contents={"text": b"second"})
    assert findings(office) == []
    assert office.store.contents(case_id, 1)["text"] == b"second"
    office.log.is_cut_off = True
    with pytest.raises(KeyboardInterrupt):
        office.open(OWN)
    (found,) = findings(office)
    assert (found.is_fatal, "in no leaf" in found.problem) == (False, True)


def test_two_cases_of_one_person_cannot_be_told_to_be_one_persons(office: Office) -> None:
    first = office.disputes.find(office.open()).events[0].event
    second = office.disputes.find(office.open(OWN)).events[0].event
    assert first.actor != second.actor
    assert not set(first.contents.values()) & set(second.contents.values())


def test_the_steps_of_one_person_in_one_case_are_told_to_be_one_persons(office: Office) -> None:
    case_id = office.open()
    office.asks(case_id, "escalated", "no_reviewer")
    actors = {each.event.actor for each in office.disputes.find(case_id).events}
    assert len(actors) == 1
