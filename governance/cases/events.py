"""Events of cases: leaves of the governance log, chained per case, that name nobody.

An event names its case, its number in it and the hash of the event before, so that none can be left out,
moved or slipped in; words and names stand in it as commitments under the case's own key.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from governance.canonical import canonical_json
from governance.errors import CaseError, SignerError
from governance.signers import Signature, Signer, holds

DISPUTE = "dispute_event"
CORRECTION = "correction_event"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvent:
    """One step of a case.

    Attributes:
        kind: `dispute_event` or `correction_event`.
        case_id: The case.
        number: Its position in the case, from 0.
        previous: SHA-256 of the leaf of the event before; None for the first.
        event: What happened, such as `opened`.
        role: In which role somebody acted.
        actor: Commitment to who acted.
        at: When.
        reason_code: Why, as one of the declared codes.
        facts: What everybody may read of it; no word of a person.
        contents: Commitments to what the private store holds of it, by part.
        signature: The actor's own; None where the actor has no key, or where the key would name a
            complainant: then the private store holds it, as the part `signature`.
    """

    kind: str
    case_id: str
    number: int
    previous: str | None
    event: str
    role: str
    actor: str
    at: datetime
    reason_code: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    contents: Mapping[str, str] = field(default_factory=dict)
    signature: Signature | None = None

    def __post_init__(self) -> None:
        """Refuse a time without a zone.

        Raises:
            CaseError: the time has none.
        """
        if self.at.tzinfo is None:
            raise CaseError("the time of an event needs a time zone")

    def statement(self) -> dict[str, Any]:
        """Return the text that is signed."""
        return {
            "v": 1,
            "kind": self.kind,
            "case": self.case_id,
            "number": self.number,
            "previous": self.previous,
            "event": self.event,
            "role": self.role,
            "actor": self.actor,
            "at": self.at.astimezone(UTC).isoformat(),
            "reason_code": self.reason_code,
            "facts": dict(self.facts),
            "contents": dict(self.contents),
        }

    def signed_by(self, signer: Signer) -> "CaseEvent":
        """Return the event with a signature over its statement."""
        return replace(self, signature=signer.sign(self.statement()))

    def leaf(self) -> bytes:
        """Return the canonical bytes for the governance log."""
        signature = self.signature.to_document() if self.signature else None
        return canonical_json({**self.statement(), "signature": signature})

    def digest(self) -> str:
        """Return what the next event calls `previous`."""
        return hashlib.sha256(self.leaf()).hexdigest()

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "CaseEvent":
        """Read the JSON form.

        Raises:
            CaseError: a part is missing, or the version is unknown.
        """
        if document.get("v") != 1:
            raise CaseError(
                f"the governance log holds an event of a case of version {document.get('v')!r}, which this "
                "version of Assay cannot read; use a newer one"
            )
        try:
            signature = document["signature"]
            return cls(
                kind=document["kind"],
                case_id=document["case"],
                number=document["number"],
                previous=document["previous"],
                event=document["event"],
                role=document["role"],
                actor=document["actor"],
                at=datetime.fromisoformat(document["at"]),
                reason_code=document["reason_code"],
                facts=document["facts"],
                contents=document["contents"],
                signature=None if signature is None else Signature.from_document(signature),
            )
        except (KeyError, TypeError, ValueError, SignerError) as error:
            raise CaseError(f"a leaf of the governance log is no event of a case: {error!r}") from error


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event with the index of its leaf."""

    index: int
    event: CaseEvent


def read_cases(leaves: Iterable[tuple[int, bytes]], kind: str) -> dict[str, tuple[Recorded, ...]]:
    """Return the events of every case of one kind, in the order of the log.

    Args:
        leaves: Leaves of the governance log in their order, with their indexes; other kinds are passed over.
        kind: `dispute_event` or `correction_event`.

    Raises:
        CaseError: a chain is broken, or a signature is not over its event.
    """
    mark = f'"kind":"{kind}"'.encode()
    cases: dict[str, list[Recorded]] = {}
    for index, leaf in leaves:
        document = _document(leaf) if mark in leaf else {}
        if document.get("kind") != kind:  # the words may stand inside a leaf of another kind
            continue
        event = CaseEvent.from_document(document)
        chain = cases.setdefault(event.case_id, [])
        _check_link(chain, event, index)
        chain.append(Recorded(index, event))
    return {case_id: tuple(chain) for case_id, chain in cases.items()}


def _document(leaf: bytes) -> dict[str, Any]:
    try:
        document = json.loads(leaf)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _check_link(chain: Sequence[Recorded], event: CaseEvent, index: int) -> None:
    previous = chain[-1].event.digest() if chain else None
    place = f"leaf {index} of the governance log, case {event.case_id}"
    if (event.number, event.previous) != (len(chain), previous):
        raise CaseError(f"{place}: the event does not follow the one before it; `assay verify` says more")
    if event.signature is not None and not holds(event.statement(), event.signature):
        raise CaseError(f"{place}: the signature is not over this event; `assay verify` says more")
