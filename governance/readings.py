"""Readings of what concerns people: a person's own numbers, and traces with everybody's records.

Each is a leaf of the governance log, written before anything is shown. It says when, which number, in
which view, and whose it is; who asked stands there as a keyed commitment, and whose it is as a token: the
log names nobody.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from governance.canonical import canonical_json
from governance.errors import ReadingError

ReadingView = Literal["auditor", "subject"]
READING_MARK = b'"kind":"reading"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What somebody read.

    Attributes:
        view: `subject`, or `auditor` for everybody's records.
        numbers: What was read, as `change_lead_time team:payments 2026-05`.
        subject: Token of the person whose numbers or records these are; None where they are a team's, say.
        evidence_size: Size of the payload log that the numbers rest on.
        read_by: Keyed commitment to the name of who asked.
        read_at: When.
    """

    view: ReadingView
    numbers: tuple[str, ...]
    subject: str | None
    evidence_size: int
    read_by: str
    read_at: datetime

    def __post_init__(self) -> None:
        """Refuse what says nothing.

        Raises:
            ReadingError: the view is unknown, nothing was read, or the time has no zone.
        """
        if self.view not in get_args(ReadingView):
            raise ReadingError(f"unknown view {self.view!r}; known: {', '.join(get_args(ReadingView))}")
        if not self.numbers:
            raise ReadingError("a reading names at least one number")
        if self.read_at.tzinfo is None:
            raise ReadingError("the reading's time needs a time zone")

    def to_document(self) -> dict[str, Any]:
        """Return the JSON form that goes into the governance log."""
        return {
            "v": 1,
            "kind": "reading",
            "view": self.view,
            "numbers": list(self.numbers),
            "subject": self.subject,
            "evidence_size": self.evidence_size,
            "read_by": self.read_by,
            "read_at": self.read_at.astimezone(UTC).isoformat(),
        }

    def leaf(self) -> bytes:
        """Return the canonical bytes for the governance log."""
        return canonical_json(self.to_document())

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Reading":
        """Read the JSON form.

        Raises:
            ReadingError: it is none that this version knows.
        """
        if document.get("v") != 1:
            raise ReadingError(
                f"the governance log holds a reading of version {document.get('v')!r}, which this one "
                f"cannot read; "
                "use a newer Assay"
            )
        return cls(
            view=document["view"],
            numbers=tuple(document["numbers"]),
            subject=document["subject"],
            evidence_size=document["evidence_size"],
            read_by=document["read_by"],
            read_at=datetime.fromisoformat(document["read_at"]),
        )


def readings_of(leaves: Iterable[tuple[int, bytes]], subject: str) -> list[tuple[int, Reading]]:
    """Return who has read a person's numbers, oldest first, with the indexes of the leaves.

    Args:
        leaves: Leaves of the governance log in their order, with their indexes; other kinds are passed over.
        subject: The person's token.
    """
    found = [
        (index, Reading.from_document(json.loads(leaf))) for index, leaf in leaves if READING_MARK in leaf
    ]
    return [(index, reading) for index, reading in found if reading.subject == subject]
