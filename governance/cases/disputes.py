"""Disputes: what may happen to one next, who may do it, and which cells are restricted meanwhile.

    opened ──► triaged ──► evidence_sent ──► upheld      the number stands
      │           │             ├──────────► corrected   the number was wrong; a correction is in force
      └───────────┴─────────────┴──────────► withdrawn   by whoever opened it, at any time before a decision

Any open dispute can be escalated, once: from then on the people of the escalation role go on with it from
where it stood, and nobody who handled it before decides. A dispute whose deadline has passed stays open and
restricted; nothing lapses. A closed one is not opened again: a new dispute names it as the one it follows.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from governance.cases.cells import Cell
from governance.cases.events import DISPUTE, Recorded, read_cases
from governance.cases.rules import Deadlines
from governance.errors import DisputeError

COMPLAINANT: Final = "complainant"
REVIEWER: Final = "reviewer"
ESCALATION: Final = "escalation"
RECORDS: Final = "records"
OPENED, TRIAGED, EVIDENCE_SENT = "opened", "triaged", "evidence_sent"
UPHELD, CORRECTED, WITHDRAWN = "upheld", "corrected", "withdrawn"
ESCALATED, PURGED = "escalated", "purged"
OPEN_STATES: Final = (OPENED, TRIAGED, EVIDENCE_SENT)
CLOSED_STATES: Final = (UPHELD, CORRECTED, WITHDRAWN)
DEADLINE_PASSED: Final = "deadline_passed"
HANDLER: Final = "handler"
"""The reviewer, or the escalation role once the dispute is escalated."""

TRANSITIONS: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    (OPENED, TRIAGED): (HANDLER,),
    (TRIAGED, EVIDENCE_SENT): (HANDLER,),
    (EVIDENCE_SENT, EVIDENCE_SENT): (HANDLER,),
    (EVIDENCE_SENT, UPHELD): (HANDLER,),
    (EVIDENCE_SENT, CORRECTED): (HANDLER,),
    **{(state, WITHDRAWN): (COMPLAINANT,) for state in OPEN_STATES},
    **{(state, ESCALATED): (COMPLAINANT, REVIEWER) for state in OPEN_STATES},
    **{(state, PURGED): (RECORDS,) for state in CLOSED_STATES},
}
"""From a state by an event: the roles that may. What is not listed is not allowed."""

REASONS: Final[Mapping[str, tuple[str, ...]]] = {
    OPENED: ("wrong_record", "missing_record", "wrong_owner", "wrong_person", "wrong_definition", "other"),
    TRIAGED: ("in_scope", "needs_source_owner", "needs_metric_owner"),
    EVIDENCE_SENT: ("trace_attached", "records_attached", "answer_to_question"),
    UPHELD: ("records_are_right", "definition_is_followed", "outside_of_the_number"),
    CORRECTED: ("facts_corrected", "source_corrected", "ownership_corrected", "identity_corrected"),
    WITHDRAWN: ("explained", "mistaken", "other"),
    ESCALATED: (DEADLINE_PASSED, "not_independent", "disagreement", "no_reviewer"),
    PURGED: ("retention", "erasure_request"),
}
"""Reasons are codes: free text in the log could name somebody."""


@dataclass(frozen=True, slots=True)
class Dispute:
    """One dispute as its events tell it.

    Attributes:
        case_id: Its name.
        cell: What it is about; None where that is one person's own number and the store was not asked, or
            has forgotten it.
        events: Everything that happened.
    """

    case_id: str
    cell: Cell | None
    events: tuple[Recorded, ...]

    @property
    def state(self) -> str:
        """Where it stands: escalation and purging change no state."""
        return [each.event.event for each in self.events if each.event.event not in (ESCALATED, PURGED)][-1]

    @property
    def is_open(self) -> bool:
        """Whether nobody has decided or withdrawn it."""
        return self.state in OPEN_STATES

    @property
    def is_escalated(self) -> bool:
        """Whether it was taken from its reviewer."""
        return any(each.event.event == ESCALATED for each in self.events)

    @property
    def is_purged(self) -> bool:
        """Whether its private content was destroyed."""
        return any(each.event.event == PURGED for each in self.events)

    @property
    def opened_at(self) -> datetime:
        """When it was opened."""
        return self.events[0].event.at

    @property
    def handling_role(self) -> str:
        """Who has to act."""
        return ESCALATION if self.is_escalated else REVIEWER

    def due_at(self, deadlines: Deadlines) -> datetime | None:
        """Return when the next step is due; None once it is closed. Escalation has one deadline for all."""
        if not self.is_open:
            return None
        if self.is_escalated:
            escalated = next(each.event for each in self.events if each.event.event == ESCALATED)
            return escalated.at + timedelta(days=deadlines.escalation_days)
        entered = next(each.event for each in self.events if each.event.event == self.state)
        return entered.at + timedelta(days=deadlines.days_in(self.state))

    def is_overdue(self, deadlines: Deadlines, *, at: datetime) -> bool:
        """Whether the next step should have been taken by now."""
        due = self.due_at(deadlines)
        return due is not None and at > due

    def check_allows(self, event: str, *, role: str, reason_code: str) -> None:
        """Refuse a step that is not this dispute's next, or not this role's.

        Raises:
            DisputeError: the step, the role or the reason does not fit; what fits is named.
        """
        roles = TRANSITIONS.get((self.state, event))
        if roles is None:
            follows = sorted({after for before, after in TRANSITIONS if before == self.state})
            raise DisputeError(
                f"{self.case_id} is {self.state}, and {event} cannot follow; {', '.join(follows)} can. "
                "A closed dispute is not opened again: open a new one that follows it"
            )
        allowed = tuple(self.handling_role if one == HANDLER else one for one in roles)
        if role not in allowed:
            raise DisputeError(f"{event} of {self.case_id} is for the {' or the '.join(allowed)} to do")
        if event == ESCALATED and self.is_escalated:
            raise DisputeError(f"{self.case_id} is escalated already; the escalation role has it")
        if event == PURGED and self.is_purged:
            raise DisputeError(f"{self.case_id} is purged already")
        check_reason(event, reason_code)


def check_reason(event: str, reason_code: str) -> None:
    """Refuse a reason that is not declared for an event.

    Raises:
        DisputeError: those that are are named.
    """
    if reason_code not in REASONS[event]:
        known = ", ".join(REASONS[event])
        raise DisputeError(f"{reason_code!r} is no reason of {event}; there are {known}")


def read_disputes(
    leaves: Iterable[tuple[int, bytes]], private_cell: Callable[[str], Cell | None] = lambda _: None
) -> dict[str, Dispute]:
    """Return every dispute by its name, in the order in which they were opened.

    Args:
        leaves: Leaves of the governance log in their order, with their indexes.
        private_cell: Gives the cell of a case whose leaf holds a commitment to it only.

    Raises:
        CaseError: a chain is broken, or a signature is not over its event.
        DisputeError: the log tells of a step that was never allowed.
    """
    return {
        case_id: _dispute(case_id, events, private_cell)
        for case_id, events in read_cases(leaves, DISPUTE).items()
    }


def _dispute(case_id: str, events: Sequence[Recorded], private_cell: Callable[[str], Cell | None]) -> Dispute:
    first = events[0].event
    if first.event != OPENED or first.role != COMPLAINANT:
        raise DisputeError(f"leaf {events[0].index}: {case_id} begins with {first.event}, not with opened")
    public = first.facts.get("cell")
    cell = private_cell(case_id) if public is None else Cell.from_document(public)
    for position, each in enumerate(events[1:], start=1):
        before = Dispute(case_id, cell, tuple(events[:position]))
        before.check_allows(each.event.event, role=each.event.role, reason_code=each.event.reason_code)
        if each.event.at < events[position - 1].event.at:
            raise DisputeError(f"leaf {each.index}: {case_id} goes back in time")
    return Dispute(case_id, cell, tuple(events))


def restricted_cells(disputes: Iterable[Dispute]) -> frozenset[Cell]:
    """Return the cells that an open dispute restricts: they are not to be used for an incentive.

    Raises:
        DisputeError: an open dispute's cell is not known, because the private store is not at hand: nobody
            can say which number to hold back.
    """
    cells = set()
    for dispute in disputes:
        if not dispute.is_open:
            continue
        if dispute.cell is None:
            raise DisputeError(
                f"{dispute.case_id} is open and the private store does not say about which number; restore "
                "data/private/cases.sqlite from its backup"
            )
        cells.add(dispute.cell)
    return frozenset(cells)
