"""Proposing, approving and revoking corrections: evidence and four eyes, then the docket."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from governance.cases import corrections as steps
from governance.cases.correctable import check_words
from governance.cases.corrections import CORRECTION_ROLE, REASONS, Correction, Overlay, read_corrections
from governance.cases.docket import Docket, Step
from governance.cases.events import Recorded
from governance.errors import CorrectionError
from governance.signers import RegisteredSigner, Signer, SignerRegister

_TEXT = "text"


@dataclass(frozen=True, slots=True)
class CorrectionDesk:
    """Everything that can be done with corrections."""

    docket: Docket
    register: SignerRegister
    records_role: str

    def corrections(self) -> dict[str, Correction]:
        """Return every correction."""
        return read_corrections(self.docket.leaves())

    def find(self, case_id: str) -> Correction:
        """Return one correction.

        Raises:
            CorrectionError: there is none of that name.
        """
        found = self.corrections().get(case_id)
        if found is None:
            raise CorrectionError(f"there is no correction {case_id}; `assay correction list` shows all")
        return found

    def propose(
        self,
        overlay: Overlay,
        signer: Signer,
        *,
        text: str,
        reason_code: str,
        at: datetime,
        evidence: Mapping[str, bytes] | None = None,
    ) -> Recorded:
        """Say what a fact is in truth; it waits for a second person.

        Args:
            overlay: What is said.
            signer: Who says it; holds the role `correction`.
            text: Why, in words; kept in the private store.
            reason_code: Why, as a code.
            at: When.
            evidence: Files by name that show it; kept in the private store.

        Raises:
            CorrectionError: reason, words or evidence are missing, or the key has not the role.
        """
        entry = self._entitled(signer, CORRECTION_ROLE)
        if reason_code not in REASONS[steps.PROPOSED]:
            known = ", ".join(REASONS[steps.PROPOSED])
            raise CorrectionError(f"{reason_code!r} is no reason of a correction; there are {known}")
        if not text.strip():
            raise CorrectionError("a correction says in words why the value is wrong")
        if not evidence and overlay.evidence_record_id is None:
            raise CorrectionError("a correction needs evidence: a file, or the id of a record that shows it")
        check_words(overlay.column, overlay.value)
        check_words("the JSON path", overlay.json_path)
        contents = {_TEXT: text.encode(), **file_parts(evidence or {})}
        facts = {"overlay": overlay.to_document()}
        return self.docket.begin(
            "k", _step(steps.PROPOSED, entry, signer, reason_code, at, facts=facts, contents=contents)
        )

    def approve(self, case_id: str, signer: Signer, *, at: datetime) -> Recorded:
        """Put a correction into force as its second person.

        Raises:
            CorrectionError: it does not wait, or the same person proposed it, or the key has not the role.
        """
        return self._follow(case_id, steps.APPROVED, signer, reason_code="evidence_checked", at=at)

    def revoke(self, case_id: str, signer: Signer, *, reason_code: str, at: datetime) -> Recorded:
        """Stand against a correction; the second such word ends it, the first ends one that only waits.

        Raises:
            CorrectionError: it is revoked already, or the same person stands against it already.
        """
        return self._follow(case_id, steps.REVOKED, signer, reason_code=reason_code, at=at)

    def purge(self, case_id: str, signer: Signer, *, reason_code: str, at: datetime) -> Recorded | None:
        """Destroy the private content of a revoked correction; return None where that was begun before.

        Raises:
            CorrectionError: it is not revoked, or the key has not the role.
        """
        found, entry = self.find(case_id), self._entitled(signer, self.records_role)
        if any(each.event.event == steps.PURGED for each in found.events):
            self.docket.store.purge(case_id)
            return None
        found.check_allows(steps.PURGED, key_id=entry.key_id, reason_code=reason_code)
        recorded = self.docket.record(
            case_id, found.events, _step(steps.PURGED, entry, signer, reason_code, at)
        )
        self.docket.store.purge(case_id)
        return recorded

    def contents(self, case_id: str, signer: Signer) -> list[dict[str, bytes]]:
        """Return the words and files of each event to somebody who may sign corrections.

        Raises:
            CorrectionError: the key has not the role.
        """
        self._entitled(signer, CORRECTION_ROLE)
        events = self.find(case_id).events
        return [self.docket.store.contents(case_id, each.event.number) for each in events]

    def _follow(
        self, case_id: str, event: str, signer: Signer, *, reason_code: str, at: datetime
    ) -> Recorded:
        entry = self._entitled(signer, CORRECTION_ROLE)
        found = self.find(case_id)
        found.check_allows(event, key_id=entry.key_id, reason_code=reason_code)
        same = (steps.PROPOSED, steps.APPROVED) if event == steps.APPROVED else (steps.REVOKED,)
        people = {self._person(each) for each in found.events if each.event.event in same}
        if entry.identity in people:
            raise CorrectionError(f"four eyes: {entry.person} has signed {case_id} already, with another key")
        return self.docket.record(case_id, found.events, _step(event, entry, signer, reason_code, at))

    def _person(self, recorded: Recorded) -> str | None:
        signature = recorded.event.signature
        entry = self.register.find(signature.key_id) if signature else None
        return entry.identity if entry else None

    def _entitled(self, signer: Signer, role: str) -> RegisteredSigner:
        entry = next((one for one in self.register.signers if one.public_key == signer.public_key), None)
        if entry is None or entry.person != signer.person:
            raise CorrectionError(f"the key is not that of {signer.person} in governance/signers.yml")
        if role not in entry.roles:
            raise CorrectionError(f"{entry.person} does not hold the role {role!r} in governance/signers.yml")
        return entry


def file_parts(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return files as parts of an event: contents and names apart, for a name could name somebody."""
    parts = {}
    for position, (name, content) in enumerate(sorted(files.items())):
        parts[f"file_{position}"] = content
        parts[f"file_{position}_name"] = name.encode()
    return parts


def _step(
    event: str,
    entry: RegisteredSigner,
    signer: Signer,
    reason_code: str,
    at: datetime,
    *,
    facts: Mapping[str, Any] | None = None,
    contents: Mapping[str, bytes] | None = None,
) -> Step:
    return Step(
        event=event,
        role=CORRECTION_ROLE if event != steps.PURGED else steps.RECORDS_ROLE,
        actor=entry.person,
        at=at,
        reason_code=reason_code,
        facts=facts or {},
        contents=contents or {},
        signer=signer,
    )
