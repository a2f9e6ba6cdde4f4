"""Proofs of which definitions were in force on a day, for whoever has the log's key and nothing else.

A proof holds the leaf of each definition, and the leaf of the one that took its place, which names it: so
both ends of its time are proven. Where none took its place, the proof says from when on, and of the end
nothing.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lineage.definition_log import GOVERNANCE_LOG, InForce, parse_definition
from lineage.errors import DefinitionError
from lineage.ledger import Checkpoint, Ledger, LedgerError, NoteVerifier, verify_note
from lineage.ledger.merkle import leaf_hash, verify_inclusion

_CHECKPOINTS = "SELECT size, note FROM checkpoints WHERE log = 'governance' ORDER BY size DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class ProvenDefinition:
    """One definition that a proof shows.

    Attributes:
        entry: What came into force, and when.
        until_at: When another took its place, or it was retired; None where the proof shows no end.
    """

    entry: InForce
    until_at: datetime | None


@dataclass(frozen=True, slots=True)
class DefinitionProof:
    """What a proof shows: what was in force just before an instant, or by now where it names none."""

    before: datetime | None
    proven: tuple[ProvenDefinition, ...]


def prove(
    ledger: Ledger,
    entries: Iterable[InForce],
    history: Mapping[str, Sequence[InForce]],
    *,
    before: datetime | None = None,
) -> dict[str, Any]:
    """Return a document that proves, to whoever has the log's key, that these definitions were in force.

    Args:
        ledger: Whose governance log.
        entries: What was in force, see `definition_log.in_force`.
        history: Every definition of each metric.
        before: The instant before which it was in force; now where none is given.

    Raises:
        DefinitionError: no signed checkpoint covers all of them yet.
    """
    with ledger.reader() as connection:
        row = connection.execute(_CHECKPOINTS).fetchone()
    listed = sorted(entries, key=lambda entry: entry.leaf_index)
    places = {entry.leaf_index for entry in listed}
    later = [one for metric in history for one in history[metric] if one.previous_leaf in places]
    size = int(row[0]) if row else 0
    if not listed or size <= max(one.leaf_index for one in [*listed, *later]):
        raise DefinitionError(
            "no signed checkpoint covers these definitions yet; the next publication signs one: assay publish"
        )
    return {
        "v": 1,
        "kind": "definitions_in_force_proof",
        "before": before.astimezone(UTC).isoformat() if before else None,
        "checkpoint": str(row[1]),
        "leaves": [_proven_leaf(ledger, entry, size) for entry in listed],
        "successors": [
            _proven_leaf(ledger, one, size)
            for one in sorted(later, key=lambda one: one.leaf_index)
            if one.leaf_index not in places
        ],
    }


def verify_proof(document: Mapping[str, Any], verifiers: Sequence[NoteVerifier]) -> DefinitionProof:
    """Check a proof offline and return what it proves.

    Args:
        document: What `prove` wrote.
        verifiers: The keys that are trusted to sign checkpoints.

    Raises:
        DefinitionError: it has another form, is signed by nobody trusted, a leaf is not in the log, or a
            definition was not in force at the instant that the proof names.
    """
    try:
        note = verify_note(str(document["checkpoint"]), list(verifiers))
        checkpoint = Checkpoint.parse(note.text)
        named = document.get("before")
        before = datetime.fromisoformat(named).astimezone(UTC) if named else None
        leaves = _read_leaves(document["leaves"])
        successors = _read_leaves(document.get("successors") or [])
    except (LedgerError, KeyError, TypeError, ValueError, AttributeError, binascii.Error) as error:
        raise DefinitionError(f"this is no proof of definitions by a trusted key: {error}") from error
    if not checkpoint.origin.endswith(f"/{GOVERNANCE_LOG}"):
        raise DefinitionError(f"the checkpoint is of the log {checkpoint.origin}, not of a governance log")
    answers = [_checked(one, checkpoint) for one in leaves]
    ends = {one.previous_leaf: one for one in (*answers, *(_checked(one, checkpoint) for one in successors))}
    proven = tuple(ProvenDefinition(one, _end_of(one, ends)) for one in answers)
    if before is not None:
        _refuse_other_times(proven, before)
    return DefinitionProof(before, proven)


_Leaf = tuple[int, bytes, list[bytes]]


def _proven_leaf(ledger: Ledger, entry: InForce, size: int) -> dict[str, Any]:
    hashes = ledger.inclusion_proof(GOVERNANCE_LOG, entry.leaf_index, size)
    return {
        "index": entry.leaf_index,
        "leaf": ledger.leaf(GOVERNANCE_LOG, entry.leaf_index).decode(),
        "hashes": [base64.b64encode(one).decode() for one in hashes],
    }


def _read_leaves(listed: Sequence[Mapping[str, Any]]) -> list[_Leaf]:
    return [
        (
            int(one["index"]),
            str(one["leaf"]).encode(),
            [base64.b64decode(each, validate=True) for each in one["hashes"]],
        )
        for one in listed
    ]


def _checked(leaf: _Leaf, checkpoint: Checkpoint) -> InForce:
    index, content, hashes = leaf
    if not verify_inclusion(leaf_hash(content), index, checkpoint.size, hashes, root=checkpoint.root):
        raise DefinitionError(f"leaf {index} is not in the log that the checkpoint signs")
    return parse_definition(index, content)


def _end_of(entry: InForce, ends: Mapping[int | None, InForce]) -> datetime | None:
    """Return when another definition took a definition's place, where a leaf of the proof says so."""
    found = ends.get(entry.leaf_index)
    return found.from_at if found is not None and found.metric == entry.metric else None


def _refuse_other_times(proven: Sequence[ProvenDefinition], before: datetime) -> None:
    """Refuse definitions that came later, were replaced earlier, or stand twice: the proof would mislead."""
    seen: set[str] = set()
    for one in proven:
        entry = one.entry
        if entry.from_at >= before or (one.until_at is not None and one.until_at < before):
            raise DefinitionError(
                f"leaf {entry.leaf_index} does not show what {entry.metric} was just before "
                f"{before.isoformat()}: it was in force from {entry.from_at.isoformat()}"
                + (f" until {one.until_at.isoformat()}" if one.until_at else "")
            )
        if entry.metric in seen:
            raise DefinitionError(f"the proof names two definitions of {entry.metric} for one instant")
        seen.add(entry.metric)
