"""Deriving the ledger anew from its leaves, and naming every object that differs."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from lineage.ledger import merkle
from lineage.ledger.errors import LedgerError
from lineage.ledger.files import journal_path, marker_path, opened_for_hashing, seal_path
from lineage.ledger.finding import Finding
from lineage.ledger.log_reading import size_of
from lineage.ledger.note import NoteVerifier
from lineage.ledger.schema import LOGS, connect, schema_version
from lineage.ledger.seal import Seal, seal_of
from lineage.ledger.statement_checks import check_statements

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_CHUNK_LEVEL = 12
_CHUNK = 1 << _CHUNK_LEVEL
_MOST_FINDINGS = 1000
_HEADER = b"SQLite format 3\x00"
_ROLLBACK_VERSIONS = b"\x01\x01"  # header bytes 18 and 19: rollback journal, as every ledger is written


def verify_ledger(
    path: Path,
    *,
    origin: str,
    verifiers: tuple[NoteVerifier, ...] = (),
    roots: "tuple[Certificate, ...]" = (),
    busy_timeout_seconds: float = 60.0,
) -> list[Finding]:
    """Check a ledger file against its seal and against itself, in one state, whoever writes meanwhile.

    Damage of any kind becomes a finding; nothing is raised for it.

    Args:
        path: the SQLite file.
        origin: the organisation's, without the log's name.
        verifiers: trusted keys; those that rotations lead to are trusted too, each for its time.
        roots: certificates of timestamp authorities whose tokens count.
        busy_timeout_seconds: how long to wait for another process.
    """
    if not path.exists():
        return [Finding(path.name, "the ledger is missing")]
    findings: list[Finding] = []
    with opened_for_hashing(path) as descriptor:
        try:
            connection = _open_still(path, descriptor, busy_timeout_seconds, findings)
            if connection is not None:
                with closing(connection):
                    findings += _check_everything(path, connection, descriptor)
                    findings += check_statements(
                        path.name, connection, origin, verifiers=verifiers, roots=roots
                    )
        except (sqlite3.Error, LedgerError, ValueError, TypeError) as error:
            findings.append(Finding(path.name, f"the ledger cannot be read to its end: {error}"))
    return findings


def _open_still(
    path: Path, descriptor: int, busy_timeout_seconds: float, findings: list[Finding]
) -> sqlite3.Connection | None:
    """A connection that holds the file still until it is closed; None where there is nothing to read."""
    is_sealed, has_journal = not marker_path(path).exists(), journal_path(path).exists()
    if has_journal and is_sealed:
        findings.append(Finding(journal_path(path).name, "a journal lies beside a sealed ledger"))
    elif has_journal:
        _roll_back_crash(path, busy_timeout_seconds)
    header = os.pread(descriptor, 100, 0)
    if not header and not is_sealed:
        findings.append(Finding(path.name, "the ledger was never written to", is_fatal=False))
        return None
    if header[:16] != _HEADER or header[18:20] != _ROLLBACK_VERSIONS:
        findings.append(Finding(path.name, "the header is not that of an SQLite file as ledgers are written"))
        return None
    connection = connect(
        path, mode="ro", busy_timeout_seconds=busy_timeout_seconds, is_immutable=has_journal and is_sealed
    )
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
    return connection


def _roll_back_crash(path: Path, busy_timeout_seconds: float) -> None:
    with closing(connect(path, mode="rw", busy_timeout_seconds=busy_timeout_seconds)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")


def _check_everything(path: Path, connection: sqlite3.Connection, descriptor: int) -> Iterator[Finding]:
    if marker_path(path).exists():
        yield Finding(
            marker_path(path).name,
            "the ledger was not sealed after its last change: contents were checked, free space was not",
            is_fatal=False,
        )
        for (problem,) in connection.execute("PRAGMA integrity_check(100)").fetchall():
            if problem != "ok":
                yield Finding(path.name, f"SQLite's integrity check: {problem}")
    else:
        yield from _check_seal(path, connection, descriptor)
    schema_version(connection)
    for log in LOGS:
        yield from _check_log(path.name, connection, log)


def _check_seal(path: Path, connection: sqlite3.Connection, descriptor: int) -> Iterator[Finding]:
    file = seal_path(path)
    try:
        seal = Seal.parse(file.read_bytes())
    except FileNotFoundError:
        yield Finding(file.name, "the seal is missing")
        return
    except (OSError, ValueError, TypeError) as error:
        yield Finding(file.name, f"the seal cannot be read: {error}")
        return
    try:
        derived = seal_of(connection, descriptor)
    except (sqlite3.Error, LedgerError, TypeError, ValueError) as error:
        yield Finding(path.name, f"the file is not as it was sealed, and cannot be read: {error}")
        return
    if (derived.file_bytes, derived.sha256) != (seal.file_bytes, seal.sha256):
        yield Finding(path.name, f"the file's sha256 is {derived.sha256}, the seal says {seal.sha256}")
    for name, value in asdict(derived).items():
        if name not in ("file_bytes", "sha256") and getattr(seal, name) != value:
            yield Finding(file.name, f"{name} is {value} in the ledger, the seal says {getattr(seal, name)}")


def _check_log(file: str, connection: sqlite3.Connection, log: str) -> Iterator[Finding]:
    """Leaves against their hashes, then nodes against those, chunk by chunk in flat memory."""
    size, edge, node_count = size_of(connection, log), dict[int, bytes](), 0
    high: dict[int, bytes] = {}
    found = 0
    for start in range(0, size, _CHUNK):
        stop = min(start + _CHUNK, size)
        findings: list[Finding] = []
        hashes = _check_leaves(file, connection, log, (start, stop), findings)
        derived: dict[int, bytes] = {}
        for level, first, row in merkle.extend(edge, start, hashes):
            if level:
                numbered = {merkle.node_number(level, first + i): each for i, each in enumerate(row)}
                (derived if level <= _CHUNK_LEVEL else high).update(numbered)
        node_count += len(derived)
        stored = connection.execute(
            f"SELECT number, hash FROM {log}_nodes WHERE number >= ? AND number < ?",
            (2 * start, 2 * stop - 1),
        ).fetchall()
        findings += _compare_nodes(file, log, derived, dict(stored))
        yield from findings
        found += len(findings)
        if found > _MOST_FINDINGS:
            yield Finding(f"{file}: {log} log", "too many differences; the rest of this log was not compared")
            return
    yield from _check_high_nodes(file, connection, log, high, node_count + len(high))


def _check_leaves(
    file: str, connection: sqlite3.Connection, log: str, span: tuple[int, int], findings: list[Finding]
) -> list[bytes]:
    rows = connection.execute(
        f"SELECT leaf_index, leaf, hash FROM {log}_leaves WHERE leaf_index >= ? AND leaf_index < ?", span
    ).fetchall()
    stored = {index: (leaf, digest) for index, leaf, digest in rows}
    hashes: list[bytes] = []
    for index in range(*span):
        leaf, digest = stored.get(index, (b"", b""))
        derived = merkle.leaf_hash(leaf) if isinstance(leaf, bytes) else b""
        if derived != digest:
            problem = (
                "its content does not have the hash stored for it" if index in stored else "it is missing"
            )
            findings.append(Finding(f"{file}: {log} leaf {index}", problem))
        hashes.append(digest if isinstance(digest, bytes) else b"")
    return hashes


def _compare_nodes(
    file: str, log: str, derived: dict[int, bytes], stored: dict[int, object]
) -> Iterator[Finding]:
    if derived == stored:
        return
    for number in sorted(derived.keys() | stored.keys()):
        if number not in derived:
            yield Finding(f"{file}: {log} node {number}", "no such node belongs to the tree")
        elif derived[number] != stored.get(number):
            problem = "its hash is not that of its children" if number in stored else "it is missing"
            yield Finding(f"{file}: {log} node {number}", problem)


def _check_high_nodes(
    file: str, connection: sqlite3.Connection, log: str, high: dict[int, bytes], expected_count: int
) -> Iterator[Finding]:
    """Nodes above the chunks, then the number of all nodes, which shows those that belong nowhere."""
    query = f"SELECT hash FROM {log}_nodes WHERE number = ?"
    stored = {number: row[0] for number in high if (row := connection.execute(query, (number,)).fetchone())}
    yield from _compare_nodes(file, log, high, stored)
    (count,) = connection.execute(f"SELECT count(*) FROM {log}_nodes").fetchone()
    if count != expected_count:
        yield Finding(f"{file}: {log} log", f"it stores {count} nodes, its leaves make {expected_count}")
