"""Disputes: every step that may follow and every one that may not, who is independent, what is restricted."""

import itertools
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from governance.cases.cells import Cell
from governance.cases.desk import Complainant, Surroundings
from governance.cases.disputes import (
    CLOSED_STATES,
    OPEN_STATES,
    REASONS,
    TRANSITIONS,
    read_disputes,
    restricted_cells,
)
from governance.cases.independence import objections
from governance.cases.rules import Deadlines, DisputeRules, Reviewer
from governance.errors import CaseError, DisputeError, PolicyError
from governance.signers import RegisteredSigner, Signer, SignerRegister
from tests.governance.cases.office import CELL, KEYS, OWN, REASON, REGISTER, TILDA, Office, signed_off

STATES = (*OPEN_STATES, *CLOSED_STATES)
HANDLED = ("triaged", "evidence_sent", "upheld", "corrected")
ALLOWED = {
    ("opened", "triaged"),
    ("opened", "withdrawn"),
    ("opened", "escalated"),
    ("triaged", "evidence_sent"),
    ("triaged", "withdrawn"),
    ("triaged", "escalated"),
    ("evidence_sent", "evidence_sent"),
    ("evidence_sent", "upheld"),
    ("evidence_sent", "corrected"),
    ("evidence_sent", "withdrawn"),
    ("evidence_sent", "escalated"),
    ("upheld", "purged"),
    ("corrected", "purged"),
    ("withdrawn", "purged"),
}


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def attempt(office: Office, case_id: str, event: str) -> None:
    if event == "purged":
        una = office.handler("Una Reed")
        office.disputes.purge(case_id, una, reason_code="retention", at=office.later())
    elif event in HANDLED:
        office.does(case_id, event, REASON[event])
    else:
        office.asks(case_id, event, REASON[event])


def test_the_table_of_steps_is_the_one_that_people_agreed_on() -> None:
    assert set(TRANSITIONS) == ALLOWED
    assert set(REASONS) == {"opened", *REASON}


@pytest.mark.parametrize(("state", "event"), list(itertools.product(STATES, REASON)))
def test_a_step_is_allowed_or_refused_and_a_refused_one_leaves_nothing(
    office: Office, state: str, event: str
) -> None:
    case_id = office.bring_to(state)
    before = list(office.log.leaves)
    if (state, event) in ALLOWED:
        attempt(office, case_id, event)
        assert len(office.log.leaves) == len(before) + 1
        assert office.disputes.find(case_id).state == (state if event in ("escalated", "purged") else event)
    else:
        with pytest.raises(DisputeError, match="cannot follow"):
            attempt(office, case_id, event)
        assert office.log.leaves == before


@pytest.mark.parametrize("event", HANDLED)
def test_whoever_opened_it_decides_nothing(office: Office, event: str) -> None:
    case_id = office.bring_to("evidence_sent" if event != "triaged" else "opened")
    with pytest.raises(DisputeError, match=r"is for the reviewer to do|cannot follow"):
        office.asks(case_id, event, REASON[event])


def test_a_reviewer_cannot_withdraw_what_another_opened(office: Office) -> None:
    case_id = office.open()
    with pytest.raises(DisputeError, match="is for the complainant to do"):
        office.does(case_id, "withdrawn", "explained")


@pytest.mark.parametrize(
    "stranger",
    [
        Complainant("github:other", frozenset({"p_other"}), receipt="r1"),
        replace(TILDA, receipt="guessed"),
        replace(TILDA, receipt=None),
        replace(TILDA, receipt=None, signer=KEYS["Tilda Moss"]),
    ],
    ids=["another person", "a wrong receipt", "no receipt", "a key that did not open it"],
)
def test_only_who_opened_it_and_proves_it_withdraws(office: Office, stranger: Complainant) -> None:
    case_id = office.open()
    with pytest.raises(DisputeError, match="for the person who opened it") as refused:
        office.asks(case_id, "withdrawn", "explained", by=stranger)
    assert "tilda" not in str(refused.value)


def test_the_key_that_opened_it_proves_who_comes_back_and_stays_out_of_the_log(office: Office) -> None:
    tilda = replace(TILDA, signer=KEYS["Tilda Moss"])
    case_id = office.open(by=tilda)
    office.asks(case_id, "withdrawn", "explained", by=replace(tilda, receipt=None))
    assert office.disputes.find(case_id).state == "withdrawn"
    key = KEYS["Tilda Moss"].sign({}).key_id
    assert all(key.encode() not in leaf for leaf in office.log.leaves)


def test_every_step_of_a_handler_carries_the_handlers_signature(office: Office) -> None:
    dispute = office.disputes.find(office.bring_to("upheld"))
    signed = [each.event.signature is not None for each in dispute.events]
    assert signed == [False, True, True, True]


def test_a_key_that_is_another_persons_is_refused(office: Office) -> None:
    case_id = office.open()
    handler = replace(office.handler("Rosa Palmer"), signer=KEYS["Omar Quill"])
    with pytest.raises(DisputeError, match="the key is not that of Rosa Palmer"):
        office.does(case_id, "triaged", "in_scope", handler=handler)


def test_the_role_is_the_registers_and_not_the_persons_word(office: Office) -> None:
    case_id = office.open()
    with pytest.raises(DisputeError, match="does not hold the role 'dispute_reviewer'"):
        office.does(case_id, "triaged", "in_scope", "Una Reed")


@pytest.mark.parametrize("reason", ["because", "explained", ""])
def test_a_reason_is_one_of_the_declared_codes(office: Office, reason: str) -> None:
    case_id = office.open()
    with pytest.raises(DisputeError, match="is no reason of triaged"):
        office.does(case_id, "triaged", reason)


class TestIndependence:
    def refused(self, office: Office, message: str, **known: object) -> None:
        case_id = office.open()
        with pytest.raises(DisputeError, match=message) as error:
            office.does(case_id, "triaged", "in_scope", handler=office.handler("Rosa Palmer", **known))
        assert "tilda" not in str(error.value).lower()

    def test_an_owner_of_the_metric_cannot_review_it(self, office: Office) -> None:
        self.refused(office, "owns change_fail_rate", accounts=(), belongs_to=("Delivery-Metrics",))

    def test_a_person_who_owns_the_metric_cannot_review_it(self, office: Office) -> None:
        office.surroundings = Surroundings(frozenset({"rosa  palmer"}))
        self.refused(office, "owns change_fail_rate")

    def test_a_holder_of_the_owners_role_cannot_review(self, office: Office) -> None:
        case_id = office.open()
        with pytest.raises(DisputeError, match="owns change_fail_rate"):
            office.does(case_id, "triaged", "in_scope", "Mira Stone")

    def test_who_ever_signed_the_definition_off_cannot_review(self, office: Office) -> None:
        office.surroundings = Surroundings(frozenset(), (signed_off("Rosa Palmer"),))
        self.refused(office, "signed the definition of change_fail_rate off")

    def test_a_sign_off_of_another_metric_hinders_nobody(self, office: Office) -> None:
        office.surroundings = Surroundings(frozenset(), (signed_off("Rosa Palmer", "deployment_days"),))
        office.does(office.open(), "triaged", "in_scope")

    def test_the_complainant_cannot_review_under_another_name(self, office: Office) -> None:
        self.refused(office, "has a part in the dispute", accounts=(), tokens=frozenset({"p_tilda_git"}))

    def test_the_complainant_cannot_review_under_the_own_name(self, office: Office) -> None:
        case_id = office.open(by=replace(TILDA, name="Tilda Moss"))
        with pytest.raises(DisputeError, match="has a part in the dispute"):
            office.does(case_id, "triaged", "in_scope", "Tilda Moss")

    @pytest.mark.parametrize("team", ["payments", "commerce"])
    def test_who_leads_the_complainant_or_the_team_of_the_cell_cannot_review(
        self, office: Office, team: str
    ) -> None:
        office.surroundings = Surroundings(frozenset(), cell_teams=frozenset({"commerce"}))
        self.refused(office, "leads a team that the dispute is about", accounts=(), leads=(team,))

    def test_of_whom_nobody_knows_who_they_are_in_the_sources_nobody_can_say(self, office: Office) -> None:
        office.rules = DisputeRules()
        self.refused(office, "does not say who the person is")

    def test_once_escalated_who_handled_it_before_decides_nothing(self, office: Office) -> None:
        roles = ("dispute_reviewer", "dispute_escalation")
        both = RegisteredSigner("Rosa Palmer", KEYS["Rosa Palmer"].public_key, roles)
        others = [one for one in REGISTER.signers if one.person != "Rosa Palmer"]
        office.register = SignerRegister.of([both, *others])
        case_id = office.bring_to("triaged")
        office.asks(case_id, "escalated", "not_independent")
        with pytest.raises(DisputeError, match="handled the dispute before"):
            office.does(case_id, "evidence_sent", "trace_attached", "Rosa Palmer")
        office.does(case_id, "evidence_sent", "trace_attached", "Una Reed")

    def test_who_decided_the_dispute_that_another_follows_does_not_decide_again(self, office: Office) -> None:
        first = office.bring_to("upheld")
        second = office.open(follows=first)
        with pytest.raises(DisputeError, match="handled the dispute before"):
            office.does(second, "triaged", "in_scope", "Rosa Palmer")
        office.does(second, "triaged", "in_scope", "Omar Quill")

    def test_another_spelling_of_the_name_makes_nobody_another_person(self, office: Office) -> None:
        handled = replace(office.handler("Rosa Palmer").candidate, person="rosa  palmer")
        matter = office.disputes.matter(office.disputes.find(office.open()), office.surroundings)
        same = replace(
            matter, signers=frozenset({"Rosa Palmer"}), earlier_handlers=frozenset({"Rosa Palmer"})
        )
        assert objections(handled, same) == (
            "signed the definition of change_fail_rate off",
            "handled the dispute before",
        )
        assert office.rules.reviewer("rosa  palmer") == office.rules.reviewer("Rosa Palmer")

    def test_a_reviewer_who_is_not_independent_may_hand_it_on(self, office: Office) -> None:
        case_id = office.open()
        office.does(case_id, "escalated", "not_independent", "Mira Stone")
        assert office.disputes.find(case_id).handling_role == "escalation"


def test_an_escalated_dispute_goes_on_where_it_stood_with_the_escalation_role(office: Office) -> None:
    case_id = office.bring_to("evidence_sent")
    office.asks(case_id, "escalated", "disagreement")
    with pytest.raises(DisputeError, match="is escalated already"):
        office.asks(case_id, "escalated", "disagreement")
    with pytest.raises(DisputeError, match="dispute_escalation"):
        office.does(case_id, "upheld", "records_are_right", "Omar Quill")
    office.does(case_id, "upheld", "records_are_right", "Una Reed")
    assert not office.disputes.find(case_id).is_open


class TestDeadlines:
    @pytest.mark.parametrize(("state", "days"), [("opened", 5), ("triaged", 10), ("evidence_sent", 30)])
    def test_a_step_is_due_so_many_days_after_the_one_before(
        self, office: Office, state: str, days: int
    ) -> None:
        dispute = office.disputes.find(office.bring_to(state))
        due = office.now + timedelta(days=days)
        assert dispute.due_at(Deadlines()) == due
        assert not dispute.is_overdue(Deadlines(), at=due)
        assert dispute.is_overdue(Deadlines(), at=due + timedelta(seconds=1))

    def test_more_evidence_does_not_move_the_day_of_the_decision(self, office: Office) -> None:
        case_id = office.bring_to("evidence_sent")
        due = office.disputes.find(case_id).due_at(Deadlines())
        office.later(days=3)
        office.does(case_id, "evidence_sent", "answer_to_question")
        assert office.disputes.find(case_id).due_at(Deadlines()) == due

    def test_an_escalation_has_one_deadline_for_all_that_is_left(self, office: Office) -> None:
        case_id = office.open()
        with pytest.raises(DisputeError, match="has not passed, it is 2026-05-09"):
            office.asks(case_id, "escalated", "deadline_passed")
        with pytest.raises(DisputeError, match="has not passed"):
            office.does(case_id, "escalated", "deadline_passed")
        office.later(days=5)
        office.asks(case_id, "escalated", "deadline_passed")
        due = office.now + timedelta(days=7)
        office.does(case_id, "triaged", "in_scope", "Una Reed")
        assert office.disputes.find(case_id).due_at(Deadlines(escalation_days=7)) == due

    def test_an_overdue_dispute_stays_open_and_restricts_its_cell(self, office: Office) -> None:
        dispute = office.disputes.find(office.open())
        assert dispute.is_overdue(Deadlines(), at=office.now + timedelta(days=3650))
        assert restricted_cells([dispute]) == {CELL}

    def test_a_closed_dispute_is_due_no_more(self, office: Office) -> None:
        assert office.disputes.find(office.bring_to("upheld")).due_at(Deadlines()) is None

    def test_a_clock_that_was_set_back_is_refused(self, office: Office) -> None:
        case_id = office.open()
        office.now -= timedelta(days=30)
        with pytest.raises(CaseError, match="set the clock right"):
            office.does(case_id, "triaged", "in_scope")


@pytest.mark.parametrize("state", STATES)
def test_a_cell_is_restricted_while_a_dispute_about_it_is_open(office: Office, state: str) -> None:
    office.bring_to(state)
    assert restricted_cells(office.disputes.disputes().values()) == (
        {CELL} if state in OPEN_STATES else set()
    )


def test_a_disputed_rate_restricts_the_value_beneath() -> None:
    rate = replace(CELL, normalisation="per_100_fte_days")
    assert rate != CELL
    assert rate.key == CELL.key == ("change_fail_rate", "team", "payments", "month", CELL.period_start)


class TestOwnNumbers:
    def test_a_persons_own_number_is_disputed_by_that_person_alone(self, office: Office) -> None:
        other = Complainant("github:other", frozenset({"p_other"}), receipt="r2")
        with pytest.raises(DisputeError, match="by that person alone"):
            office.open(OWN, other)
        assert len(office.log.leaves) == 1

    def test_the_log_does_not_tell_whose_number_it_is_and_the_store_does(self, office: Office) -> None:
        case_id = office.open(OWN)
        assert all(
            word not in leaf for leaf in office.log.leaves for word in (b"p_tilda", b"changes_deployed")
        )
        assert office.disputes.find(case_id).cell == OWN

    def test_without_the_store_nobody_can_say_what_to_hold_back(self, office: Office) -> None:
        office.open(OWN)
        found = read_disputes(enumerate(office.log.leaves))
        with pytest.raises(DisputeError, match="does not say about which number"):
            restricted_cells(found.values())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"text": "  "}, "what is wrong"),
        ({"reason_code": "i_dislike_it"}, "is no reason of opened"),
        ({"by": replace(TILDA, tokens=frozenset())}, "whom the identity vault knows"),
        ({"by": replace(TILDA, receipt=None)}, "for a receipt"),
        ({"follows": "d-none"}, "there is no dispute"),
    ],
)
def test_what_disputes_nothing_is_refused_and_leaves_nothing(
    office: Office, change: dict[str, object], message: str
) -> None:
    with pytest.raises(DisputeError, match=message):
        office.open(**change)
    assert len(office.log.leaves) == 1
    assert office.store.case_ids() == set()


def test_the_same_person_disputes_the_same_number_once_at_a_time(office: Office) -> None:
    first = office.open()
    with pytest.raises(DisputeError, match=first):
        office.open(by=replace(TILDA, name="git:tilda", receipt="r9"))
    office.open(by=Complainant("github:other", frozenset({"p_other"}), receipt="r2"))
    office.open(replace(CELL, metric="deployment_days"))
    with pytest.raises(DisputeError, match="is open still"):
        office.open(replace(CELL, period_grain="week"), follows=first)


def test_a_closed_dispute_is_not_opened_again_and_another_may_follow(office: Office) -> None:
    first = office.bring_to("withdrawn")
    second = office.open(follows=first)
    assert office.disputes.find(second).events[0].event.facts["follows"] == first


def test_a_cell_is_read_back_and_another_form_is_refused() -> None:
    assert Cell.from_document(CELL.to_document()) == CELL
    with pytest.raises(DisputeError, match="not a cell"):
        Cell.from_document({"metric": "change_fail_rate"})
    with pytest.raises(DisputeError, match="no kind of scope"):
        replace(CELL, scope_kind="galaxy")


class TestRules:
    def load(self, folder: Path, text: str) -> DisputeRules:
        path = folder / "disputes.yml"
        path.write_text(text, encoding="utf-8")
        return DisputeRules.load(path)

    def test_a_file_that_is_not_there_leaves_the_defaults(self, tmp_path: Path) -> None:
        assert DisputeRules.load(tmp_path / "disputes.yml") == DisputeRules(Deadlines(5, 10, 30, 30))

    def test_the_file_is_read_with_its_people(self, tmp_path: Path) -> None:
        rules = self.load(
            tmp_path,
            "deadlines: {triage_days: 2}\nreviewer_role: ombuds\nreviewers:\n"
            "  - {person: Rosa Palmer, accounts: ['github:rosa'], leads: [payments]}\n",
        )
        assert rules.deadlines == Deadlines(triage_days=2)
        assert rules.reviewer_role == "ombuds"
        assert rules.reviewer("Rosa Palmer") == Reviewer("Rosa Palmer", ("github:rosa",), (), ("payments",))

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("deadlnes: {}", r":1: unknown key 'deadlnes'; did you mean deadlines"),
            ("deadlines: {triage_days: 0}", "whole number of days"),
            ("deadlines: {triage_days: true}", "whole number of days"),
            ("deadlines: 5", "a mapping of days"),
            ("reviewers: Rosa", "a list of people"),
            ("reviewers:\n  - {person: Rosa Palmer}", r":2: a reviewer needs person .* and accounts"),
            ("reviewers:\n  - {person: Rosa Palmer, accounts: x}", "a list of names"),
            ("reviewers:\n  - {person: R, accounts: []}\n  - {person: R, accounts: []}", "twice"),
            ("reviewer_role: ''", "the name of a role"),
        ],
    )
    def test_a_wrong_file_is_refused_with_its_line(self, tmp_path: Path, text: str, message: str) -> None:
        with pytest.raises(PolicyError, match=message):
            self.load(tmp_path, text)


def test_a_stranger_without_a_place_in_the_register_cannot_act(office: Office) -> None:
    case_id = office.open()
    stranger = Signer("Rosa Palmer", bytes([99]) * 32)
    handler = replace(office.handler("Rosa Palmer"), signer=stranger)
    with pytest.raises(DisputeError, match="the key is not that of"):
        office.does(case_id, "triaged", "in_scope", handler=handler)
