"""What others said of checkpoints: cosignatures and timestamps, kept in the ledger's own file."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from lineage.ledger.checkpoint import Checkpoint
from lineage.ledger.cosignature import WitnessKey, cosigned_at, find_cosignature
from lineage.ledger.errors import NoteError
from lineage.ledger.note import Note, NoteSignature, parse_signature_line
from lineage.ledger.schema import check_log
from lineage.ledger.transaction import LedgerTransaction


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A witness's word for one size of one log."""

    log: str
    size: int
    root: bytes
    witness: WitnessKey
    signature: NoteSignature

    @property
    def cosigned_at(self) -> datetime:
        """When, by the witness's clock."""
        return cosigned_at(self.signature)


@dataclass(frozen=True, slots=True)
class Anchor:
    """A timestamp of a signed checkpoint: `note` was stamped, `token` is the authority's whole answer."""

    log: str
    size: int
    note: str
    token: bytes
    authority: str
    stamped_at: str


def keep_cosignature(
    transaction: LedgerTransaction, log: str, note: Note, witness: WitnessKey
) -> Cosignature:
    """Keep a witness's cosignature of a checkpoint; a newer one of the same size replaces it.

    Raises:
        NoteError: the note does not carry a cosignature of this witness that holds.
    """
    line = find_cosignature(note, witness)
    if line is None:
        raise NoteError(f"{witness.name} has not cosigned this checkpoint")
    stated = Checkpoint.parse(note.text)
    kept = Cosignature(check_log(log), stated.size, stated.root, witness, line)
    transaction.connection.execute(
        "INSERT OR REPLACE INTO cosignatures VALUES (?, ?, ?, ?, ?, ?)",
        (log, stated.size, stated.root, witness.text(), line.line(), kept.cosigned_at.isoformat()),
    )
    return kept


def keep_anchor(transaction: LedgerTransaction, anchor: Anchor) -> None:
    """Keep a timestamp; one that is there already for the same note and authority is replaced."""
    transaction.connection.execute(
        "INSERT OR REPLACE INTO anchors (log, size, note, token, authority, stamped_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (check_log(anchor.log), anchor.size, anchor.note, anchor.token, anchor.authority, anchor.stamped_at),
    )


def kept_cosignatures(connection: sqlite3.Connection, log: str | None = None) -> list[Cosignature]:
    """Every cosignature, greatest size first; of one log where it is named.

    Raises:
        NoteError: a row is damaged.
    """
    if not has_endorsements(connection):
        return []
    rows = connection.execute(
        "SELECT log, size, root, witness_key, line FROM cosignatures WHERE ?1 IS NULL OR log = ?1"
        " ORDER BY size DESC, witness_key",
        (log,),
    ).fetchall()
    return [
        Cosignature(
            name, size, bytes(root), WitnessKey.parse(key), parse_signature_line(line.removesuffix("\n"))
        )
        for name, size, root, key, line in rows
    ]


def kept_anchors(connection: sqlite3.Connection) -> list[Anchor]:
    """Every timestamp, oldest first."""
    if not has_endorsements(connection):
        return []
    rows = connection.execute(
        "SELECT log, size, note, token, authority, stamped_at FROM anchors ORDER BY anchor_id"
    ).fetchall()
    return [Anchor(log, size, note, bytes(token), by, at) for log, size, note, token, by, at in rows]


def newest_of(cosignatures: Sequence[Cosignature], witness: WitnessKey) -> Cosignature | None:
    """The greatest checkpoint that a witness cosigned."""
    return max(
        (one for one in cosignatures if one.witness == witness), key=lambda one: one.size, default=None
    )


def has_endorsements(connection: sqlite3.Connection) -> bool:
    """Whether the file has these tables: an older one gets them when it is next written to."""
    query = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('cosignatures', 'anchors')"
    return bool(connection.execute(query).fetchone()[0])


def stamp_time(instant: datetime) -> str:
    """An instant as rows keep it."""
    return instant.astimezone(UTC).isoformat()
