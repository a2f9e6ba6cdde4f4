"""How drift is classified: declared rules over what was sighted, without a database and without a clock.

`breaking` means that values are lost now; `suspicious` that they are still read and may mean something else;
`harmless` that nothing which is read has changed.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from quality_checks.source_drift.contracts import (
    PAGE,
    FieldContract,
    SourceContract,
    fit,
    written_path,
)
from quality_checks.source_drift.shapes import NO_RECORDS, TOO_FEW_PARTS, UNREADABLE
from quality_checks.source_drift.shares import has_disappeared, has_it, is_mostly_missing
from quality_checks.source_drift.sighted import SightedDay, SightedField, SightedStream

DriftClass = Literal["harmless", "suspicious", "breaking"]
DriftKind = Literal[
    "page_unreadable",
    "envelope_changed",
    "parts_missing",
    "values_lost",
    "required_missing",
    "unknown_word",
    "written_otherwise",
    "disappeared",
    "mostly_missing",
    "new_field",
    "new_type",
    "seen_absent",
]
CLASSES: Final[Mapping[DriftKind, DriftClass]] = {
    "page_unreadable": "breaking",
    "envelope_changed": "breaking",
    "parts_missing": "breaking",
    "values_lost": "breaking",
    "required_missing": "breaking",
    "unknown_word": "suspicious",
    "written_otherwise": "suspicious",
    "disappeared": "suspicious",
    "mostly_missing": "suspicious",
    "new_field": "harmless",
    "new_type": "harmless",
    "seen_absent": "harmless",
}
LASTING: Final = frozenset({"unknown_word", "written_otherwise"})
"""Suspicious drift that waits for somebody's word even where later pages do not show it any more."""
_MISSING = ("absent", "null")


@dataclass(frozen=True, slots=True)
class Drift:
    """A difference between what a source sends and what is read of it, or between now and before.

    Attributes:
        source: The source's name.
        kind: The kind of source.
        stream: The stream.
        json_path: Where: a path in the record, or `@page`.
        drift_kind: Which rule found it.
        was: What was expected, or seen before.
        is_now: What came.
        first_log_index: The first page that shows it.
        first_record_id: The first record.
        last_log_index: The last page so far.
        record_count: How many records show it.
        is_current: Whether the pages of the newest run show it.
    """

    source: str
    kind: str
    stream: str
    json_path: str
    drift_kind: DriftKind
    was: str
    is_now: str
    first_log_index: int
    first_record_id: int
    last_log_index: int
    record_count: int
    is_current: bool

    @property
    def drift_class(self) -> DriftClass:
        """How bad it is."""
        return CLASSES[self.drift_kind]

    @property
    def drift_id(self) -> str:
        """A name that stays the same however often the drift is seen again."""
        parts = (self.source, self.stream, self.json_path, self.drift_kind, self.was, self.is_now)
        return "drift-" + hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:12]


def classify(contract: SourceContract, sighted: SightedStream) -> list[Drift]:
    """Return every drift of one stream of one source, in the order of first pages."""
    found = [
        *_of_pages(contract, sighted),
        *_of_read_fields(contract, sighted),
        *_of_shares(contract, sighted),
        *_of_other_fields(contract, sighted),
    ]
    return sorted(found, key=lambda drift: (drift.first_record_id, drift.json_path, drift.drift_kind))


def _of_pages(contract: SourceContract, sighted: SightedStream) -> Iterator[Drift]:
    signs: Mapping[tuple[str, str], tuple[DriftKind, str, str]] = {
        (PAGE, UNREADABLE): ("page_unreadable", "a page that parses", "no page that parses"),
        (PAGE, NO_RECORDS): (
            "envelope_changed",
            f"records in {'.'.join(contract.envelope) or 'a list'}",
            "nothing there",
        ),
        (written_path((PAGE, "parts")), TOO_FEW_PARTS): (
            "parts_missing",
            f"at least {contract.least_parts} parts",
            "fewer parts",
        ),
    }
    for seen in sighted.fields:
        if (seen.json_path, seen.json_type) in signs:
            kind, was, is_now = signs[seen.json_path, seen.json_type]
            yield _drift(contract, sighted, seen, kind, was=was, is_now=is_now)


def _of_read_fields(contract: SourceContract, sighted: SightedStream) -> Iterator[Drift]:
    by_path: dict[str, list[SightedField]] = {}
    for seen in sighted.fields:
        by_path.setdefault(seen.json_path, []).append(seen)
    required = _required(contract)
    for path, rows in by_path.items():
        declared = FieldContract((), "object") if path == "$" else contract.by_path.get(path)
        if declared is None or not (rows[0].is_staged or path == "$"):
            continue
        for seen in rows:
            yield from _of_read_field(contract, sighted, declared, seen, rows, is_required=path in required)


def _of_read_field(
    contract: SourceContract,
    sighted: SightedStream,
    declared: FieldContract,
    seen: SightedField,
    rows: Sequence[SightedField],
    *,
    is_required: bool,
) -> Iterator[Drift]:
    if seen.value is not None:
        yield _drift(contract, sighted, seen, "unknown_word", was="a known word", is_now=seen.value)
    elif seen.json_type in _MISSING:
        if is_required:
            yield _drift(
                contract, sighted, seen, "required_missing", was="in every record", is_now=seen.json_type
            )
        elif seen.json_type == "absent" and sighted.is_new(seen) and _was_there_before(rows, seen):
            yield _drift(contract, sighted, seen, "seen_absent", was="present", is_now="absent")
    elif seen.is_lost or fit(declared.type, seen.json_type) == "lost":
        yield _drift(contract, sighted, seen, "values_lost", was=declared.type, is_now=seen.json_type)
    elif any(row.is_lost and row.json_type == seen.json_type for row in rows):
        return  # told as lost
    elif sighted.is_new(seen) and (before := _types_before(rows, seen)):
        yield _drift(
            contract, sighted, seen, "written_otherwise", was=" or ".join(before), is_now=seen.json_type
        )


def _of_shares(contract: SourceContract, sighted: SightedStream) -> Iterator[Drift]:
    """Compare each day's pages with all days before; the last found of a path and kind is given."""
    by_path: dict[str, list[SightedDay]] = {}
    for day in sorted(sighted.days, key=lambda each: each.fetched_date):
        by_path.setdefault(day.json_path, []).append(day)
    required = _required(contract)
    for path, days in by_path.items():
        if path in required:
            continue
        for kind, was, is_now in (
            ("disappeared", "in every record", "in none"),
            ("mostly_missing", "mostly present", "mostly missing"),
        ):
            drift = _of_days(contract, sighted, path, days, kind, was=was, is_now=is_now)  # type: ignore[arg-type]
            if drift is not None:
                yield drift
                break


def _of_days(
    contract: SourceContract,
    sighted: SightedStream,
    path: str,
    days: Sequence[SightedDay],
    kind: Literal["disappeared", "mostly_missing"],
    *,
    was: str,
    is_now: str,
) -> Drift | None:
    rule = has_disappeared if kind == "disappeared" else is_mostly_missing
    begun: SightedDay | None = None
    count, last, is_current = 0, 0, False
    sound: list[SightedDay] = []
    for day in days:
        if rule(sound, day):
            begun = begun or day
            count += day.absent_count + day.null_count
            last, is_current = max(last, day.first_log_index), True
        else:
            sound.append(day)
            is_current = is_current and not has_it(day)
    if begun is None:
        return None
    return Drift(
        sighted.source,
        contract.kind,
        contract.stream,
        path,
        kind,
        was,
        is_now,
        begun.first_log_index,
        begun.first_record_id,
        last,
        count,
        is_current,
    )


def _of_other_fields(contract: SourceContract, sighted: SightedStream) -> Iterator[Drift]:
    """Fields that nothing reads: the ones that came later, and the types that they had not before."""
    by_path: dict[str, list[SightedField]] = {}
    for seen in sighted.fields:
        if not seen.is_staged and seen.json_path not in (PAGE, "$", written_path((PAGE, "parts"))):
            by_path.setdefault(seen.json_path, []).append(seen)
    for rows in by_path.values():
        first = min(rows, key=lambda each: (each.first_record_id, each.json_type))
        if sighted.is_new(first):
            yield _drift(contract, sighted, first, "new_field", was="unknown", is_now=first.json_type)
            continue
        for seen in rows:
            before = _types_before(rows, seen)
            if sighted.is_new(seen) and seen.json_type != "null" and before:
                yield _drift(
                    contract, sighted, seen, "new_type", was=" or ".join(before), is_now=seen.json_type
                )


def _required(contract: SourceContract) -> frozenset[str]:
    """The paths that every record must have, with the objects that they stand in."""
    return frozenset(
        written_path(each.path[:length])
        for each in contract.fields
        if each.is_required
        for length in range(1, len(each.path) + 1)
    )


def _types_before(rows: Iterable[SightedField], seen: SightedField) -> list[str]:
    """The other types that the field had before, without those that say that it is missing."""
    return sorted(
        {
            row.json_type
            for row in rows
            if row.first_record_id < seen.first_record_id
            and row.json_type not in (*_MISSING, seen.json_type)
            and row.value is None
        }
    )


def _was_there_before(rows: Iterable[SightedField], seen: SightedField) -> bool:
    return any(row.first_record_id < seen.first_record_id and row.json_type != "absent" for row in rows)


def _drift(
    contract: SourceContract,
    sighted: SightedStream,
    seen: SightedField,
    kind: DriftKind,
    *,
    was: str,
    is_now: str,
) -> Drift:
    return Drift(
        sighted.source,
        contract.kind,
        contract.stream,
        seen.json_path,
        kind,
        was,
        is_now,
        seen.first_log_index,
        seen.first_record_id,
        seen.last_log_index,
        seen.record_count,
        seen.last_log_index >= sighted.newest_run_first_log_index,
    )
