"""Decisions about identities: dated, reversible, and leaves of the governance log that name nobody.

A leaf holds account tokens and keyed commitments to whatever a person wrote; the words themselves stay in the
vault. The index of its leaf is a decision's number, and the log alone is enough to decide again.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from governance.canonical import canonical_json
from governance.errors import IdentityError
from governance.identity.rules import ALWAYS, FOR_EVER

DecisionKind = Literal["merge", "split", "reject", "undo"]
DECISION_MARK = b'"kind":"identity_decision"'
_TEXT_LABEL = b"assay identity vault, words of a decision, 1\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person decided about some accounts.

    Attributes:
        kind: `merge`: the accounts are the person's. `split`: the accounts are not the person's, and no rule
            may join them again. `reject`: the suggestion that they are is not to come back. `undo`: another
            decision no longer holds.
        person: Token of an account of the person; None for an undo.
        accounts: Tokens of the accounts that are decided about.
        undoes: Number of the decision that no longer holds.
        valid_from: From when on it holds.
        valid_until: Up to when, exclusive.
        decided_at: When it was decided.
        decided_by: Commitment to the name of who decided.
        reason: Commitment to the reason.
    """

    kind: DecisionKind
    person: str | None = None
    accounts: tuple[str, ...] = ()
    undoes: int | None = None
    valid_from: datetime = ALWAYS
    valid_until: datetime = FOR_EVER
    decided_at: datetime
    decided_by: str
    reason: str

    def __post_init__(self) -> None:
        """Refuse what decides nothing.

        Raises:
            IdentityError: accounts are missing, stand on both sides, or the time ends before it begins.
        """
        if self.kind == "undo":
            if self.undoes is None:
                raise IdentityError("an undo names the number of the decision that no longer holds")
            return
        if self.person is None or not self.accounts:
            raise IdentityError(f"a {self.kind} names a person and at least one account beside it")
        if self.person in self.accounts:
            raise IdentityError(f"a {self.kind} cannot name the same account on both sides")
        if self.valid_from >= self.valid_until:
            raise IdentityError("the decision would end before it begins")

    @property
    def is_dated(self) -> bool:
        """Whether it holds for a part of all time."""
        return (self.valid_from, self.valid_until) != (ALWAYS, FOR_EVER)

    def holds_at(self, instant: datetime) -> bool:
        """Whether it holds at an instant."""
        return self.valid_from <= instant < self.valid_until

    def to_document(self) -> dict[str, Any]:
        """Return the JSON form that goes into the governance log."""
        return {
            "v": 1,
            "kind": "identity_decision",
            "decision": self.kind,
            "person": self.person,
            "accounts": sorted(self.accounts),
            "undoes": self.undoes,
            "valid_from": None if self.valid_from == ALWAYS else _text(self.valid_from),
            "valid_until": None if self.valid_until == FOR_EVER else _text(self.valid_until),
            "decided_at": _text(self.decided_at),
            "decided_by": self.decided_by,
            "reason": self.reason,
        }

    def leaf(self) -> bytes:
        """Return the canonical bytes for the governance log."""
        return canonical_json(self.to_document())

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Decision":
        """Read the JSON form.

        Raises:
            IdentityError: it is none of a decision that this version knows.
        """
        if document.get("v") != 1 or document.get("decision") not in get_args(DecisionKind):
            raise IdentityError(
                f"the governance log holds a decision {document.get('decision')!r} of version "
                f"{document.get('v')!r}, which this version of Assay cannot read; use a newer one"
            )
        return cls(
            kind=document["decision"],
            person=document["person"],
            accounts=tuple(document["accounts"]),
            undoes=document["undoes"],
            valid_from=_instant(document["valid_from"], ALWAYS),
            valid_until=_instant(document["valid_until"], FOR_EVER),
            decided_at=_instant(document["decided_at"], ALWAYS),
            decided_by=document["decided_by"],
            reason=document["reason"],
        )


@dataclass(frozen=True, slots=True)
class RecordedDecision:
    """A decision with its number, and the words where the vault still has them."""

    number: int
    decision: Decision
    decided_by: str | None = None
    reason: str | None = None


def in_force(decisions: Iterable[RecordedDecision]) -> list[RecordedDecision]:
    """Return the decisions that no later one has undone, newest first; undoing is left out."""
    undone: set[int] = set()
    held = []
    for each in sorted(decisions, key=lambda one: one.number, reverse=True):
        if each.number in undone:
            continue
        if each.decision.undoes is not None:
            undone.add(each.decision.undoes)
        else:
            held.append(each)
    return held


def commitment(key: bytes, text: str) -> str:
    """Return a keyed commitment to words: without the key nothing can be guessed from it."""
    return "c_" + hmac.new(key, _TEXT_LABEL + text.encode(), hashlib.sha256).hexdigest()


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat()


def _instant(text: str | None, otherwise: datetime) -> datetime:
    return otherwise if text is None else datetime.fromisoformat(text)
