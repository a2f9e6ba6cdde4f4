"""Which keys may sign checkpoints: those that somebody trusts, and those that rotations lead to."""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lineage.ledger.checkpoint import Checkpoint
from lineage.ledger.errors import NoteError, RotationError
from lineage.ledger.note import Note, NoteVerifier
from lineage.ledger.rotation import KIND, KeyRotation


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A key, and up to which size of each log its checkpoints count; None while it is in force."""

    verifier: NoteVerifier
    last_size: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Trust:
    """Keys whose checkpoints count, and what is wrong with leaves that claim to change them.

    `problems` are (leaf index of the governance log, what is wrong).
    """

    keys: tuple[TrustedKey, ...]
    problems: tuple[tuple[int, str], ...] = ()

    @property
    def verifiers(self) -> tuple[NoteVerifier, ...]:
        """All keys, those of the past included."""
        return tuple(key.verifier for key in self.keys)

    def open(self, document: str, *, log: str) -> Checkpoint:
        """Read a checkpoint that a trusted key signed in its time.

        Args:
            document: the signed note.
            log: `payload` or `governance`, for which a key may be retired at different sizes.

        Raises:
            NoteError: no trusted key signed, a signature does not hold, or the key was retired before.
        """
        note = Note.parse(document)
        claimed = {(line.name, line.key_id) for line in note.signatures}
        if not any((one.name, one.key_id) in claimed for one in self.verifiers):
            raise NoteError(self._stranger(note))
        signed_by = note.verified_by(self.verifiers)
        checkpoint = Checkpoint.parse(note.text)
        in_time = [
            key for key in self.keys if key.verifier in signed_by and _counts(key, log, checkpoint.size)
        ]
        if not in_time:
            retired = next(key for key in self.keys if key.verifier in signed_by)
            raise NoteError(
                f"it is of size {checkpoint.size} and signed by {_called(retired.verifier)}, a key that was "
                f"retired when the {log} log had {(retired.last_size or {}).get(log)} leaves"
            )
        return checkpoint

    def _stranger(self, note: Note) -> str:
        signers = ", ".join(f"{line.name} ({line.key_id.hex()})" for line in note.signatures)
        trusted = ", ".join(_called(one) for one in self.verifiers) or "none"
        return (
            f"no known key signed it. It is signed by {signers}; trusted are {trusted}, and no leaf of a "
            "key rotation leads from one to the other: the key was swapped, or the wrong one is trusted"
        )


def trust(verifiers: Iterable[NoteVerifier], rotations: Iterable[tuple[int, bytes]] = ()) -> Trust:
    """Follow rotations from the keys that somebody trusts, backwards and forwards.

    Args:
        verifiers: keys that were handed over by a way that does not go through the ledger.
        rotations: (index, leaf) of each leaf of the governance log that changes the key, in order.
    """
    known: dict[NoteVerifier, Mapping[str, int] | None] = dict.fromkeys(verifiers)
    changes, problems = _readable(rotations)
    for _, change in reversed(changes):
        if change.new in known and change.old not in known:
            known[change.old] = _limits(change)
    retired: set[NoteVerifier] = set()
    for index, change in changes:
        problem = _problem(change, known, retired)
        if problem:
            problems.append((index, problem))
            continue
        known[change.old] = _limits(change)
        known.setdefault(change.new, None)
        retired.add(change.old)
    return Trust(tuple(TrustedKey(key, limit) for key, limit in known.items()), tuple(sorted(problems)))


def rotation_leaves(connection: sqlite3.Connection) -> list[tuple[int, bytes]]:
    """(index, leaf) of each leaf of the governance log that says it changes the key."""
    marked = f'"kind":"{KIND}"'.encode()
    rows = connection.execute(
        "SELECT leaf_index, leaf FROM governance_leaves WHERE instr(leaf, ?) ORDER BY leaf_index", (marked,)
    ).fetchall()
    return [(int(index), bytes(leaf)) for index, leaf in rows]


def _readable(
    leaves: Iterable[tuple[int, bytes]],
) -> tuple[list[tuple[int, KeyRotation]], list[tuple[int, str]]]:
    changes: list[tuple[int, KeyRotation]] = []
    problems: list[tuple[int, str]] = []
    for index, leaf in leaves:
        try:
            change = KeyRotation.parse(leaf)
        except RotationError as error:
            problems.append((index, str(error)))
            continue
        if change.governance_size == index + 1:
            changes.append((index, change))
        else:
            problems.append(
                (index, f"it was made for index {change.governance_size - 1} and stands elsewhere")
            )
    return changes, problems


def _problem(
    change: KeyRotation, known: Mapping[NoteVerifier, Mapping[str, int] | None], retired: set[NoteVerifier]
) -> str | None:
    if change.old in retired:
        return f"{_called(change.old)} was retired before and cannot name another successor"
    if change.new in retired:
        return f"{_called(change.new)} was retired before and cannot come back"
    if change.old not in known:
        return f"no trusted key leads to {_called(change.old)}, which hands over to {_called(change.new)}"
    return None


def _limits(change: KeyRotation) -> Mapping[str, int]:
    return {"payload": change.payload_size, "governance": change.governance_size}


def _counts(key: TrustedKey, log: str, size: int) -> bool:
    return key.last_size is None or size <= key.last_size.get(log, 0)


def _called(key: NoteVerifier) -> str:
    return f"{key.name} ({key.key_id.hex()})"
