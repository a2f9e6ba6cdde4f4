"""Dispositions: what people decide about the cause of a production incident. DEFINITIONS §2.6.

A decision is a leaf of the governance log. It names the incident, the deployments that caused it or that none
did, and a reason that names nobody; who decided stands there as a keyed commitment. The newest decision about
an incident is in force, and `unknown` takes a decision back.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from governance.canonical import canonical_json
from governance.errors import DispositionError

Cause = Literal["caused_by", "not_caused", "unknown"]
DISPOSITION_MARK = b'"kind":"incident_disposition"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposition:
    """What somebody decided about one incident.

    Attributes:
        incident_id: As `fct_incidents` names it.
        cause: `caused_by` deployments, `not_caused` by any, or `unknown` again.
        deployment_ids: Those that caused it, as `fct_deployments` names them.
        reason: Why; it stays for ever and names nobody.
        decided_by: Commitment to the name of who decided.
        decided_at: When.
    """

    incident_id: str
    cause: Cause
    deployment_ids: tuple[str, ...] = ()
    reason: str
    decided_by: str
    decided_at: datetime

    def __post_init__(self) -> None:
        """Refuse what decides nothing.

        Raises:
            DispositionError: deployments and cause do not fit, or the reason is missing.
        """
        if self.cause not in get_args(Cause):
            raise DispositionError(f"unknown disposition {self.cause!r}; known: {', '.join(get_args(Cause))}")
        if (self.cause == "caused_by") != bool(self.deployment_ids):
            raise DispositionError(
                "caused_by names at least one deployment, as in caused_by:<deployment>; the others name none"
            )
        if not self.reason.strip():
            raise DispositionError("a decision needs a reason")
        if self.decided_at.tzinfo is None:
            raise DispositionError("the decision's time needs a time zone")

    def to_document(self) -> dict[str, Any]:
        """Return the JSON form that goes into the governance log."""
        return {
            "v": 1,
            "kind": "incident_disposition",
            "incident": self.incident_id,
            "cause": self.cause,
            "deployments": sorted(self.deployment_ids),
            "reason": self.reason,
            "decided_by": self.decided_by,
            "decided_at": self.decided_at.astimezone(UTC).isoformat(),
        }

    def leaf(self) -> bytes:
        """Return the canonical bytes for the governance log."""
        return canonical_json(self.to_document())

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Disposition":
        """Read the JSON form.

        Raises:
            DispositionError: it is none that this version knows.
        """
        if document.get("v") != 1:
            raise DispositionError(
                f"the governance log holds a disposition of version {document.get('v')!r}, which this one "
                "cannot read; use a newer Assay"
            )
        return cls(
            incident_id=document["incident"],
            cause=document["cause"],
            deployment_ids=tuple(document["deployments"]),
            reason=document["reason"],
            decided_by=document["decided_by"],
            decided_at=datetime.fromisoformat(document["decided_at"]),
        )


def dispositions_in_force(leaves: Iterable[tuple[int, bytes]]) -> dict[str, tuple[int, Disposition]]:
    """Return the newest decision about each incident with the index of its leaf, unless it was taken back.

    Args:
        leaves: Leaves of the governance log in their order, with their indexes; other kinds are passed over.
    """
    newest: dict[str, tuple[int, Disposition]] = {}
    for index, leaf in leaves:
        if DISPOSITION_MARK in leaf:
            found = Disposition.from_document(json.loads(leaf))
            newest[found.incident_id] = (index, found)
    return {incident: held for incident, held in newest.items() if held[1].cause != "unknown"}
