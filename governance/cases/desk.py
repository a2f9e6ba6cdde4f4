"""The desk where disputes are opened and handled: rules, independence and signatures, then the docket."""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from governance.cases import disputes as steps
from governance.cases.cells import Cell
from governance.cases.disputes import Dispute, check_reason, read_disputes
from governance.cases.docket import ACTOR, SIGNATURE, Docket, Step
from governance.cases.events import Recorded
from governance.cases.independence import Candidate, Matter, objections, signers_of
from governance.cases.rules import DisputeRules
from governance.errors import DisputeError
from governance.sign_offs import SignOff
from governance.signers import Signature, Signer, SignerRegister

_CELL, _TEXT, _TOKENS, _TEAMS, _RECEIPT = "cell", "text", "tokens", "teams", "receipt"


@dataclass(frozen=True, slots=True)
class Complainant:
    """Whoever opens a dispute. Handle with care: this is kept in the private store only.

    Attributes:
        name: The account under which the person acts, such as `github:ada`.
        tokens: Keyed tokens of all accounts of the person.
        teams: Teams that the person belongs to, with those above.
        signer: The person's own key; None where the register knows none.
        receipt: What was handed over when the dispute was opened; it proves later who comes back.
    """

    name: str
    tokens: frozenset[str]
    teams: frozenset[str] = frozenset()
    signer: Signer | None = None
    receipt: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Handler:
    """Whoever acts for the organisation, with the key that signs."""

    candidate: Candidate
    signer: Signer


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the metric's registers say, for independence.

    Attributes:
        owners: Owners of the metric.
        sign_offs: Everything that was ever signed off.
        cell_teams: The team of the cell, with those above.
    """

    owners: frozenset[str]
    sign_offs: tuple[SignOff, ...] = ()
    cell_teams: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DisputeDesk:
    """Everything that can be done with disputes."""

    docket: Docket
    rules: DisputeRules
    register: SignerRegister

    def disputes(self) -> dict[str, Dispute]:
        """Return every dispute; cells of people's own numbers are read from the private store."""
        return read_disputes(self.docket.leaves(), self._private_cell)

    def find(self, case_id: str) -> Dispute:
        """Return one dispute.

        Raises:
            DisputeError: there is none of that name.
        """
        found = self.disputes().get(case_id)
        if found is None:
            raise DisputeError(f"there is no dispute {case_id}; `assay dispute list` shows all")
        return found

    def open(
        self,
        cell: Cell,
        complainant: Complainant,
        *,
        text: str,
        reason_code: str,
        at: datetime,
        facts: Mapping[str, Any] | None = None,
        follows: str | None = None,
    ) -> Recorded:
        """Open a dispute about a number.

        Args:
            cell: The number.
            complainant: Who opens it, with a new receipt, of which a hash is kept.
            text: What is wrong with it; only those who handle it read this.
            reason_code: What kind of thing is wrong.
            at: When.
            facts: What else everybody may read, such as the publication that shows the number.
            follows: A closed dispute that this one goes on from.

        Raises:
            DisputeError: it is somebody else's own number, says nothing, is open already for this person,
                or follows a dispute that is open or not known.
        """
        check_reason(steps.OPENED, reason_code)
        if not complainant.tokens or not complainant.receipt:
            raise DisputeError("a dispute is opened by a person whom the identity vault knows, for a receipt")
        if not text.strip():
            raise DisputeError("say in a few words what is wrong with the number; only reviewers read it")
        if cell.is_personal and cell.scope_id not in complainant.tokens:
            raise DisputeError("a person's own number is disputed by that person alone")
        self._check_not_open(cell, complainant)
        if follows is not None and self.find(follows).is_open:
            raise DisputeError(f"{follows} is open still; send what is new to its reviewer")
        public = {} if cell.is_personal else {_CELL: cell.to_document()}
        step = Step(
            event=steps.OPENED,
            role=steps.COMPLAINANT,
            actor=complainant.name,
            at=at,
            reason_code=reason_code,
            facts={**public, "follows": follows, **(facts or {})},
            contents={
                _CELL: json.dumps(cell.to_document()).encode(),
                _TEXT: text.encode(),
                _TOKENS: json.dumps(sorted(complainant.tokens)).encode(),
                _TEAMS: json.dumps(sorted(complainant.teams)).encode(),
                _RECEIPT: _receipt_hash(complainant.receipt),
            },
            signer=complainant.signer,
            is_signature_private=True,
        )
        return self.docket.begin("d", step)

    def of_complainant(
        self, case_id: str, event: str, complainant: Complainant, *, reason_code: str, at: datetime
    ) -> Recorded:
        """Let whoever opened a dispute withdraw or escalate it.

        Raises:
            DisputeError: it is somebody else's, or the step is not allowed.
        """
        dispute = self.find(case_id)
        dispute.check_allows(event, role=steps.COMPLAINANT, reason_code=reason_code)
        self.check_complainant(dispute, complainant)
        self._check_deadline(dispute, reason_code, at)
        step = Step(
            event=event,
            role=steps.COMPLAINANT,
            actor=self._opened_with(dispute, ACTOR).decode(),
            at=at,
            reason_code=reason_code,
            signer=complainant.signer,
            is_signature_private=True,
        )
        return self.docket.record(case_id, dispute.events, step)

    def handle(
        self,
        case_id: str,
        event: str,
        handler: Handler,
        surroundings: Surroundings,
        *,
        reason_code: str,
        at: datetime,
        facts: Mapping[str, Any] | None = None,
        contents: Mapping[str, bytes] | None = None,
    ) -> Recorded:
        """Let somebody who is independent triage, send evidence, decide or escalate, and sign it.

        Raises:
            DisputeError: the step is not allowed, or the person lacks the role or independence.
            SignerError: the key is not registered.
        """
        dispute = self.find(case_id)
        role = dispute.handling_role
        dispute.check_allows(event, role=role, reason_code=reason_code)
        if event == steps.ESCALATED:  # whoever is not independent may hand it on, and should
            self._check_role(handler, self.rules.reviewer_role)
            self._check_deadline(dispute, reason_code, at)
        else:
            self.check_handler(dispute, handler, surroundings)
        step = Step(
            event=event,
            role=role,
            actor=handler.candidate.person,
            at=at,
            reason_code=reason_code,
            facts=facts or {},
            contents=contents or {},
            signer=handler.signer,
        )
        return self.docket.record(case_id, dispute.events, step)

    def purge(self, case_id: str, handler: Handler, *, reason_code: str, at: datetime) -> Recorded | None:
        """Destroy the private content of a closed dispute; its events stay verifiable.

        The event comes first. A crash before the content is gone is finished by doing it again, which
        returns None, for then no event is added.

        Raises:
            DisputeError: the dispute is open, or the person lacks the role.
        """
        dispute = self.find(case_id)
        self._check_role(handler, self.rules.records_role)
        if dispute.is_purged and case_id in self.docket.store.case_ids():
            self.docket.store.purge(case_id)
            return None
        dispute.check_allows(steps.PURGED, role=steps.RECORDS, reason_code=reason_code)
        step = Step(
            event=steps.PURGED,
            role=steps.RECORDS,
            actor=handler.candidate.person,
            at=at,
            reason_code=reason_code,
            signer=handler.signer,
        )
        recorded = self.docket.record(case_id, dispute.events, step)
        self.docket.store.purge(case_id)
        return recorded

    def check_complainant(self, dispute: Dispute, complainant: Complainant) -> None:
        """Refuse whoever did not open the dispute, or cannot prove it by the receipt or the same key.

        Raises:
            DisputeError: without saying whose dispute it is.
        """
        if not self._is_by(dispute, complainant) or not self._is_proven(dispute, complainant):
            raise DisputeError(
                f"{dispute.case_id} is for the person who opened it to touch: name your account, and the "
                "receipt that you were given then or the key that you signed with"
            )

    def check_handler(self, dispute: Dispute, handler: Handler, surroundings: Surroundings) -> None:
        """Refuse whoever may not handle a dispute now.

        Raises:
            DisputeError: the role is missing, or the person is not independent.
        """
        role = self.rules.escalation_role if dispute.is_escalated else self.rules.reviewer_role
        self._check_role(handler, role)
        reasons = objections(handler.candidate, self.matter(dispute, surroundings))
        if reasons:
            raise DisputeError(
                f"{handler.candidate.person} is not independent in {dispute.case_id}: {'; '.join(reasons)}. "
                f"Let another holder of the role {role} do it, or escalate"
            )

    def matter(self, dispute: Dispute, surroundings: Surroundings) -> Matter:
        """Return what a reviewer of the dispute must be independent of.

        Raises:
            DisputeError: the private store does not say who opened it.
        """
        cell = self._private_cell(dispute.case_id)
        if cell is None:
            raise DisputeError(
                f"the private store does not say who opened {dispute.case_id}, so nobody's independence can "
                "be told; restore data/private/cases.sqlite from its backup"
            )
        return Matter(
            metric=cell.metric,
            owners=surroundings.owners,
            signers=signers_of(cell.metric, surroundings.sign_offs, self.register),
            complainant_tokens=self._set(dispute, _TOKENS),
            complainant_name=self._opened_with(dispute, ACTOR).decode(),
            teams=self._set(dispute, _TEAMS) | surroundings.cell_teams,
            earlier_handlers=frozenset(self._earlier_handlers(dispute)),
        )

    def contents(self, dispute: Dispute) -> list[dict[str, bytes]]:
        """Return what is kept of each event, for whoever may read it."""
        return [self.docket.store.contents(dispute.case_id, each.event.number) for each in dispute.events]

    def _check_role(self, handler: Handler, role: str) -> None:
        entry = next(
            (one for one in self.register.signers if one.public_key == handler.signer.public_key), None
        )
        if entry is None or entry.person != handler.candidate.person:
            raise DisputeError(f"the key is not that of {handler.candidate.person} in governance/signers.yml")
        if role not in entry.roles:
            raise DisputeError(f"{entry.person} does not hold the role {role!r} in governance/signers.yml")

    def _check_deadline(self, dispute: Dispute, reason_code: str, at: datetime) -> None:
        if reason_code == steps.DEADLINE_PASSED and not dispute.is_overdue(self.rules.deadlines, at=at):
            due = dispute.due_at(self.rules.deadlines)
            when = due.isoformat() if due else "not set"
            raise DisputeError(
                f"the deadline of {dispute.case_id} has not passed, it is {when}; give the reason that holds"
            )

    def _check_not_open(self, cell: Cell, complainant: Complainant) -> None:
        for dispute in self.disputes().values():
            if dispute.is_open and dispute.cell == cell and self._is_by(dispute, complainant):
                raise DisputeError(f"you have disputed this number already: {dispute.case_id}")

    def _earlier_handlers(self, dispute: Dispute) -> Iterable[str]:
        """Yield who handled it before it was escalated, and who handled the one that it follows."""
        if dispute.is_escalated:
            yield from self._who_acted(dispute, (steps.REVIEWER,))
        follows = dispute.events[0].event.facts.get("follows")
        if follows is not None:
            yield from self._who_acted(self.find(follows), (steps.REVIEWER, steps.ESCALATION))

    def _who_acted(self, dispute: Dispute, roles: tuple[str, ...]) -> Iterable[str]:
        for each in dispute.events:
            if each.event.role in roles and each.event.signature is not None:
                entry = self.register.find(each.event.signature.key_id)
                if entry is not None:
                    yield entry.person

    def _is_by(self, dispute: Dispute, complainant: Complainant) -> bool:
        return bool(complainant.tokens & self._set(dispute, _TOKENS))

    def _is_proven(self, dispute: Dispute, complainant: Complainant) -> bool:
        if complainant.receipt is not None:
            given = _receipt_hash(complainant.receipt)
            return hmac.compare_digest(given, self._opened_with(dispute, _RECEIPT))
        signed = self._opened_with(dispute, SIGNATURE)
        if complainant.signer is None or not signed:
            return False
        return Signature.from_document(json.loads(signed)).public_key == complainant.signer.public_key

    def _private_cell(self, case_id: str) -> Cell | None:
        kept = self.docket.store.contents(case_id, 0).get(_CELL)
        try:
            return None if kept is None else Cell.from_document(json.loads(kept))
        except ValueError as error:
            raise DisputeError(
                f"the private store does not say which number {case_id} is about: {error}. Restore "
                "data/private/cases.sqlite from its backup"
            ) from error

    def _opened_with(self, dispute: Dispute, part: str) -> bytes:
        return self.docket.store.contents(dispute.case_id, 0).get(part, b"")

    def _set(self, dispute: Dispute, part: str) -> frozenset[str]:
        return frozenset(json.loads(self._opened_with(dispute, part) or b"[]"))


def _receipt_hash(receipt: str | None) -> bytes:
    return hashlib.sha256((receipt or "").encode()).hexdigest().encode()
