"""Accepted drift: what people say about a source whose format has changed without a loss.

An acceptance is a leaf of the governance log. It names the drift as `assay drift list` does and a reason that
names nobody; who accepted it stands there as a keyed commitment. The newest decision about a drift is in
force, and it may take an acceptance back.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from governance.canonical import canonical_json
from governance.errors import DriftDecisionError

DRIFT_MARK = b'"kind":"source_drift_decision"'


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftDecision:
    """What somebody decided about one drift.

    Attributes:
        drift_id: As `quality.source_drift` names it.
        is_accepted: Whether it is accepted; False takes an acceptance back.
        reason: Why; it stays for ever and names nobody.
        decided_by: Commitment to the name of who decided.
        decided_at: When.
    """

    drift_id: str
    is_accepted: bool
    reason: str
    decided_by: str
    decided_at: datetime

    def __post_init__(self) -> None:
        """Refuse what decides nothing.

        Raises:
            DriftDecisionError: the reason is missing, or the time has no zone.
        """
        if not self.reason.strip():
            raise DriftDecisionError('a decision about a drift needs a reason: --because "..."')
        if self.decided_at.tzinfo is None:
            raise DriftDecisionError("the decision's time needs a time zone")

    def to_document(self) -> dict[str, Any]:
        """Return the JSON form that goes into the governance log."""
        return {
            "v": 1,
            "kind": "source_drift_decision",
            "drift": self.drift_id,
            "accepted": self.is_accepted,
            "reason": self.reason,
            "decided_by": self.decided_by,
            "decided_at": self.decided_at.astimezone(UTC).isoformat(),
        }

    def leaf(self) -> bytes:
        """Return the canonical bytes for the governance log."""
        return canonical_json(self.to_document())

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "DriftDecision":
        """Read the JSON form.

        Raises:
            DriftDecisionError: it is none that this version knows.
        """
        if document.get("v") != 1:
            raise DriftDecisionError(
                f"the governance log holds a decision about drift of version {document.get('v')!r}, which "
                "this one cannot read; use a newer Assay"
            )
        return cls(
            drift_id=document["drift"],
            is_accepted=document["accepted"],
            reason=document["reason"],
            decided_by=document["decided_by"],
            decided_at=datetime.fromisoformat(document["decided_at"]),
        )


def accepted_drifts(leaves: Iterable[tuple[int, bytes]]) -> dict[str, tuple[int, DriftDecision]]:
    """Return the newest decision about each drift with the index of its leaf, unless it was taken back.

    Args:
        leaves: Leaves of the governance log in their order, with their indexes; other kinds are passed over.
    """
    newest: dict[str, tuple[int, DriftDecision]] = {}
    for index, leaf in leaves:
        if DRIFT_MARK in leaf:
            found = DriftDecision.from_document(json.loads(leaf))
            newest[found.drift_id] = (index, found)
    return {name: held for name, held in newest.items() if held[1].is_accepted}
