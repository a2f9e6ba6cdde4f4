"""Corrections: overlays over facts, with evidence, in force once two people have signed. They edit nothing.

A correction says of one fact's column what it is in truth. The evidence stays as it was fetched and so does
staging; models read the corrections in force beside them, and facts name the leaves that corrected them. A
second signature puts a correction into force; two signatures revoke it. What the log holds cannot be altered
without breaking a signature, a chain or the tree.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from governance.cases.correctable import canonical_value
from governance.cases.events import CORRECTION, Recorded, read_cases
from governance.errors import CorrectionError

PROPOSED, APPROVED, REVOKED, PURGED = "proposed", "approved", "revoked", "purged"
WAITING, IN_FORCE, REVOCATION_WAITING, IS_REVOKED = "waiting", "in_force", "revocation_waiting", "revoked"
PEOPLE_NEEDED: Final = 2
CORRECTION_ROLE: Final = "correction"
RECORDS_ROLE: Final = "records"
REASONS: Final[Mapping[str, tuple[str, ...]]] = {
    PROPOSED: ("wrong_in_source", "not_production", "clock_error", "misclassified", "other"),
    APPROVED: ("evidence_checked",),
    REVOKED: ("wrong_correction", "source_mended", "other"),
    PURGED: ("retention", "erasure_request"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """What a correction says: this column of this fact has that value.

    Attributes:
        fact: `deployment`, `incident` or `issue`.
        fact_id: The fact, as its table names it.
        part_ids: What the models know it by: parts of a deployment, tellings of an incident, the issue.
        service_id: For a deployment its service, for a part may be several services'; else None.
        column: Which column.
        value: The right value in its one spelling; None where there is none.
        was: What was published, in words; None where there was nothing.
        record_id: The record that says otherwise; None where none does.
        json_path: Where in that record.
        evidence_record_id: A record that shows the right value; None where a file does.
        dispute: The dispute that led to it; None where none did.
    """

    fact: str
    fact_id: str
    part_ids: tuple[str, ...]
    service_id: str | None
    column: str
    value: str | None
    was: str | None = None
    record_id: int | None = None
    json_path: str | None = None
    evidence_record_id: int | None = None
    dispute: str | None = None

    def __post_init__(self) -> None:
        """Refuse what corrects nothing.

        Raises:
            CorrectionError: the value is none of the column, nothing is named, or a path stands alone.
        """
        if (
            canonical_value(self.fact, self.column, "none" if self.value is None else self.value)
            != self.value
        ):
            raise CorrectionError(f"{self.value!r} is not the one spelling of a value of {self.column}")
        if not self.part_ids:
            raise CorrectionError(f"the {self.fact} {self.fact_id} has no part that could be corrected")
        if self.json_path is not None and (self.record_id is None or not self.json_path.startswith("$")):
            raise CorrectionError("a JSON path starts with $ and stands in a record that is named with it")

    def to_document(self) -> dict[str, Any]:
        """Return the JSON form, a part of what is signed."""
        return {
            "fact": self.fact,
            "fact_id": self.fact_id,
            "part_ids": sorted(self.part_ids),
            "service_id": self.service_id,
            "column": self.column,
            "value": self.value,
            "was": self.was,
            "record_id": self.record_id,
            "json_path": self.json_path,
            "evidence_record_id": self.evidence_record_id,
            "dispute": self.dispute,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Overlay":
        """Read the JSON form.

        Raises:
            CorrectionError: a part is missing.
        """
        try:
            return cls(**{**document, "part_ids": tuple(document["part_ids"])})
        except (KeyError, TypeError) as error:
            raise CorrectionError(f"not a correction: {error!r}") from error


@dataclass(frozen=True, slots=True)
class Correction:
    """One correction as its events tell it."""

    case_id: str
    overlay: Overlay
    events: tuple[Recorded, ...]

    @property
    def signers(self) -> frozenset[str]:
        """Keys that stand behind it."""
        return self._keys(PROPOSED, APPROVED)

    @property
    def revokers(self) -> frozenset[str]:
        """Keys that stand against it."""
        return self._keys(REVOKED)

    @property
    def state(self) -> str:
        """`waiting` for a second person, `in_force`, `revocation_waiting` (in force still), or `revoked`."""
        is_approved = len(self.signers) >= PEOPLE_NEEDED
        needed = PEOPLE_NEEDED if is_approved else 1  # what never was in force is taken back by one
        if len(self.revokers) >= needed:
            return IS_REVOKED
        if not is_approved:
            return WAITING
        return REVOCATION_WAITING if self.revokers else IN_FORCE

    @property
    def is_in_force(self) -> bool:
        """Whether the models read it."""
        return self.state in (IN_FORCE, REVOCATION_WAITING)

    @property
    def leaf_index(self) -> int:
        """The leaf that facts name: the one that put it into force, or the proposal until then."""
        approved = [each.index for each in self.events if each.event.event == APPROVED]
        return approved[0] if approved else self.events[0].index

    def check_allows(self, event: str, *, key_id: str, reason_code: str) -> None:
        """Refuse a step that cannot follow, or a second word of the same person.

        Raises:
            CorrectionError: what is wrong with it is said.
        """
        if reason_code not in REASONS[event]:
            known = ", ".join(REASONS[event])
            raise CorrectionError(f"{reason_code!r} is no reason of {event}; there are {known}")
        wanted = {
            APPROVED: (WAITING,),
            REVOKED: (WAITING, IN_FORCE, REVOCATION_WAITING),
            PURGED: (IS_REVOKED,),
        }[event]
        if self.state not in wanted:
            raise CorrectionError(f"{self.case_id} is {self.state}; only one that is {wanted[0]} is {event}")
        if event == PURGED:
            return
        if key_id in (self.signers if event == APPROVED else self.revokers):
            raise CorrectionError(
                f"four eyes: another person than the first signs that {self.case_id} is {event}"
            )

    def _keys(self, *events: str) -> frozenset[str]:
        signed = [each.event for each in self.events if each.event.event in events]
        return frozenset(event.signature.key_id for event in signed if event.signature is not None)


def read_corrections(leaves: Iterable[tuple[int, bytes]]) -> dict[str, Correction]:
    """Return every correction by its name, in the order of their proposals.

    Args:
        leaves: Leaves of the governance log in their order, with their indexes.

    Raises:
        CaseError: a chain is broken, or a signature is not over its event.
        CorrectionError: the log tells of a step that was never allowed, or that nobody signed.
    """
    return {
        case_id: _correction(case_id, events) for case_id, events in read_cases(leaves, CORRECTION).items()
    }


def corrections_in_force(leaves: Iterable[tuple[int, bytes]]) -> tuple[Correction, ...]:
    """Return the corrections that models read, in the order of their leaves."""
    held = [one for one in read_corrections(leaves).values() if one.is_in_force]
    return tuple(sorted(held, key=lambda one: one.leaf_index))


def overlay_rows(corrections: Sequence[Correction]) -> list[dict[str, Any]]:
    """Return corrections in force as rows, one per part and column; of several the newest is right."""
    rows = {}
    for one in sorted(corrections, key=lambda each: each.leaf_index):
        for part in one.overlay.part_ids:
            rows[one.overlay.fact, part, one.overlay.service_id or "", one.overlay.column] = {
                "fact": one.overlay.fact,
                "fact_part_id": part,
                "service_id": one.overlay.service_id,
                "column_name": one.overlay.column,
                "value": one.overlay.value,
                "correction_id": one.case_id,
                "leaf_index": one.leaf_index,
            }
    return [rows[key] for key in sorted(rows)]


def _correction(case_id: str, events: Sequence[Recorded]) -> Correction:
    first = events[0].event
    if first.event != PROPOSED:
        raise CorrectionError(
            f"leaf {events[0].index}: {case_id} begins with {first.event}, not with proposed"
        )
    overlay = Overlay.from_document(first.facts["overlay"])
    for position, each in enumerate(events):
        if each.event.signature is None:
            raise CorrectionError(f"leaf {each.index}: nobody signed that {case_id} is {each.event.event}")
        if position:
            before = Correction(case_id, overlay, tuple(events[:position]))
            key_id, reason_code = each.event.signature.key_id, each.event.reason_code
            before.check_allows(each.event.event, key_id=key_id, reason_code=reason_code)
    return Correction(case_id, overlay, tuple(events))
