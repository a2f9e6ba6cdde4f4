"""The docket: what appends an event to a case, its words to the private store and its leaf to the log."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from governance.cases.commitments import new_case_id
from governance.cases.events import CaseEvent, Recorded, read_cases
from governance.cases.private_store import PrivateStore
from governance.errors import CaseError
from governance.log import GOVERNANCE_LOG, GovernanceLog
from governance.signers import Signer

ACTOR: Final = "actor"
SIGNATURE: Final = "signature"
Leaves = Callable[[], Iterable[tuple[int, bytes]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What somebody does in a case, before it is an event.

    Attributes:
        event: What happens.
        role: In which role.
        actor: The name of who acts; the log holds a commitment to it.
        at: When.
        reason_code: Why.
        facts: What everybody may read.
        contents: What nobody else may, by part; commitments to it go into the log.
        signer: The actor's key, if the actor has one.
        is_signature_private: Whether the key would name somebody whom the log must not name.
    """

    event: str
    role: str
    actor: str
    at: datetime
    reason_code: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    contents: Mapping[str, bytes] = field(default_factory=dict)
    signer: Signer | None = None
    is_signature_private: bool = False


@dataclass(frozen=True, slots=True)
class Docket:
    """Cases of one kind.

    Attributes:
        kind: `dispute_event` or `correction_event`.
        log: Where leaves go.
        leaves: Reads the governance log's leaves in their order, with their indexes.
        store: Where words go.
        random_bytes: Makes names and keys of cases.
    """

    kind: str
    log: GovernanceLog
    leaves: Leaves
    store: PrivateStore
    random_bytes: Callable[[int], bytes]

    def cases(self) -> dict[str, tuple[Recorded, ...]]:
        """Return every case's events.

        Raises:
            CaseError: a chain is broken, or a signature is not over its event.
        """
        return read_cases(self.leaves(), self.kind)

    def begin(self, prefix: str, step: Step) -> Recorded:
        """Make a new case with its first event."""
        case_id = new_case_id(prefix, self.random_bytes)
        self.store.create_case(case_id, random_bytes=self.random_bytes)
        return self.record(case_id, (), step)

    def record(self, case_id: str, before: tuple[Recorded, ...], step: Step) -> Recorded:
        """Append an event: first its words to the private store, then its leaf to the log.

        A crash in between leaves words without an event, which the next event of the case replaces.

        Raises:
            CaseError: the case was purged, or the step lies before the last event.
        """
        if before and step.at < before[-1].event.at:
            raise CaseError(
                f"the clock says {step.at.isoformat()}, and the last event of {case_id} is of "
                f"{before[-1].event.at.isoformat()}; set the clock right"
            )
        contents = {**step.contents, ACTOR: step.actor.encode()}
        commitments = self.store.commitments(case_id, contents)
        event = CaseEvent(
            kind=self.kind,
            case_id=case_id,
            number=len(before),
            previous=before[-1].event.digest() if before else None,
            event=step.event,
            role=step.role,
            actor=commitments.pop(ACTOR),
            at=step.at,
            reason_code=step.reason_code,
            facts=step.facts,
            contents=commitments,
        )
        if step.signer is not None:
            event = event.signed_by(step.signer)
            if step.is_signature_private and event.signature is not None:
                contents[SIGNATURE] = json.dumps(event.signature.to_document()).encode()
                event = replace(event, signature=None)
        self.store.keep(case_id, event.number, contents)
        with self.log.transaction() as transaction:
            index = transaction.append(GOVERNANCE_LOG, event.leaf())
        return Recorded(index, event)
