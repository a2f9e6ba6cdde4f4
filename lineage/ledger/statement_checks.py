"""Checking what was said of the logs: checkpoints, changes of the key, cosignatures and timestamps."""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lineage.ledger import merkle
from lineage.ledger.anchor import check_anchor
from lineage.ledger.checkpoint import Checkpoint
from lineage.ledger.cosignature import WitnessKey, cosigned_at
from lineage.ledger.endorsements import has_endorsements, kept_anchors
from lineage.ledger.errors import AnchorError, NoteError
from lineage.ledger.finding import Finding
from lineage.ledger.log_reading import node_reader, size_of
from lineage.ledger.note import NoteVerifier, parse_signature_line, verify_note
from lineage.ledger.schema import LOGS
from lineage.ledger.trust import Trust, rotation_leaves, trust

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


def check_statements(
    file: str,
    connection: sqlite3.Connection,
    origin: str,
    *,
    verifiers: Sequence[NoteVerifier],
    roots: Sequence["Certificate"] = (),
) -> Iterator[Finding]:
    """Yield each statement that does not hold for the logs as they are.

    Args:
        file: the ledger's name, for findings.
        connection: to the ledger.
        origin: the organisation's, without the log's name.
        verifiers: keys that are trusted; without any, each checkpoint is checked with the key kept beside it.
        roots: certificates of timestamp authorities; without any, timestamps are only counted.
    """
    rotations = rotation_leaves(connection)
    trusted = trust(verifiers or _first_keys(connection), rotations)
    for index, problem in trusted.problems:
        yield Finding(f"{file}: governance leaf {index}, a key rotation", problem)
    yield from _check_checkpoints(file, connection, origin, trusted=trusted if verifiers else None)
    if has_endorsements(connection):
        yield from _check_cosignatures(file, connection, origin)
        yield from _check_anchors(file, connection, origin, trusted, roots)


def _first_keys(connection: sqlite3.Connection) -> list[NoteVerifier]:
    """The first checkpoint's key: where nobody trusts any, changes of the key are judged from there."""
    query = "SELECT verifier_key FROM checkpoints ORDER BY checkpoint_id LIMIT 1"
    try:
        return [NoteVerifier.parse(key) for (key,) in connection.execute(query).fetchall()]
    except NoteError:
        return []  # the checkpoint's own finding names it


def _check_checkpoints(
    file: str, connection: sqlite3.Connection, origin: str, *, trusted: Trust | None
) -> Iterator[Finding]:
    rows = connection.execute(
        "SELECT checkpoint_id, log, size, root, note, verifier_key FROM checkpoints ORDER BY checkpoint_id"
    ).fetchall()
    for number, log, size, root, note, verifier_key in rows:
        name = f"{file}: checkpoint {number} of the {log} log at size {size}"
        try:
            if trusted is None:
                stated = Checkpoint.parse(verify_note(note, (NoteVerifier.parse(verifier_key),)).text)
            else:
                stated = trusted.open(note, log=log)
        except NoteError as error:
            yield Finding(name, f"its note does not hold: {error}")
            continue
        if log not in LOGS or stated != Checkpoint(f"{origin}/{log}", size, root):
            yield Finding(name, "its row says other things than its signed note")
        else:
            yield from _against_log(name, connection, log, stated)


def _check_cosignatures(file: str, connection: sqlite3.Connection, origin: str) -> Iterator[Finding]:
    rows = connection.execute(
        "SELECT log, size, root, witness_key, line, cosigned_at FROM cosignatures"
        " ORDER BY log, size, witness_key"
    ).fetchall()
    for log, size, root, witness_key, line, at in rows:
        name = f"{file}: cosignature of the {log} log at size {size} by {str(witness_key).partition('+')[0]}"
        try:
            witness = WitnessKey.parse(witness_key)
            signature = parse_signature_line(line.removesuffix("\n"))
        except NoteError as error:
            yield Finding(name, f"it cannot be read: {error}")
            continue
        stated = Checkpoint(f"{origin}/{log}", size, bytes(root))
        is_theirs = (signature.name, signature.key_id) == (witness.name, witness.key_id)
        if not is_theirs or not witness.holds(stated.text().encode(), signature.signature):
            yield Finding(name, "it does not hold for the size and root of its row")
        elif cosigned_at(signature).isoformat() != at:
            yield Finding(name, f"its row says {at}, the cosignature {cosigned_at(signature).isoformat()}")
        else:
            yield from _against_log(name, connection, log, stated)


def _check_anchors(
    file: str,
    connection: sqlite3.Connection,
    origin: str,
    trusted: Trust,
    roots: Sequence["Certificate"],
) -> Iterator[Finding]:
    anchors = kept_anchors(connection)
    if anchors and not roots:
        yield Finding(
            f"{file}: timestamps",
            f"{len(anchors)} were not checked: no certificate of a timestamp authority is configured",
            is_fatal=False,
        )
        return
    for anchor in anchors:
        name = f"{file}: timestamp of the {anchor.log} log at size {anchor.size} by {anchor.authority}"
        try:
            stamped_at = check_anchor(anchor.note, anchor.token, roots)
            stated = trusted.open(anchor.note, log=anchor.log)
        except (AnchorError, NoteError) as error:
            yield Finding(name, str(error))
            continue
        if (stated.origin, stated.size) != (f"{origin}/{anchor.log}", anchor.size):
            yield Finding(name, "its row says other things than the note that was stamped")
        elif stamped_at.isoformat() != anchor.stamped_at:
            yield Finding(name, f"its row says {anchor.stamped_at}, the token {stamped_at.isoformat()}")
        else:
            yield from _against_log(name, connection, anchor.log, stated)


def _against_log(
    name: str, connection: sqlite3.Connection, log: str, stated: Checkpoint
) -> Iterator[Finding]:
    size = size_of(connection, log)
    if stated.size > size:
        yield Finding(name, f"the log has only {size} leaves: it was cut short")
    elif merkle.root(node_reader(connection, log), stated.size) != stated.root:
        yield Finding(name, "the log has another root at this size: its history was rewritten")
