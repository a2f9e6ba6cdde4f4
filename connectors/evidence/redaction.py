"""Redaction by the recorded procedure: the one exception to "evidence is immutable".

In one ledger transaction: the rewritten file's hash, a new salt in place of the destroyed one, and a
governance leaf that binds the old commitment to the new one, the signed statement and its signatures. The
new body's hash is in the new commitment and not in clear: a hash in clear would let somebody test guesses
once a later redaction blanks more.
"""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pyarrow as pa

from connectors.evidence import commitments
from connectors.evidence.commitments import canonical, commit_to
from connectors.evidence.errors import EvidenceMissingError, RedactionError
from connectors.evidence.json_blanking import blank
from connectors.evidence.landing import Landing
from connectors.evidence.parquet_file import SCHEMA, WrittenFile, rows_of, table_of
from connectors.evidence.ports import LedgerPort, LedgerTransactionPort
from connectors.evidence.redaction_statement import RedactionOrder
from connectors.evidence.replacing import FileRow, checked_row_groups, file_rows, free_name, mark_obsolete
from connectors.evidence.results import Redaction

LEAF_KIND = "redaction"


def commitment_in_force(ledger: LedgerPort, connection: sqlite3.Connection, log_index: int) -> str:
    """The page's commitment: that of its last redaction, or else that of its leaf.

    Raises:
        EvidenceMissingError: there is no such page.
    """
    if (
        connection.execute("SELECT 1 FROM evidence_pages WHERE log_index = ?", (log_index,)).fetchone()
        is None
    ):
        raise EvidenceMissingError(f"there is no page at log index {log_index}")
    (last,) = connection.execute(
        "SELECT max(governance_index) FROM redactions WHERE log_index = ?", (log_index,)
    ).fetchone()
    if last is not None:
        return str(_leaf(ledger, "governance", last)["new_commitment"])
    return str(_leaf(ledger, "payload", log_index)["commitment"])


class PageRedaction:
    """One redaction on its way through a ledger transaction.

    Args:
        transaction: the open ledger transaction.
        landing: where files lie.
        old_commitment: the page's commitment in force.
        random_bytes: a cryptographic source of salts.
    """

    def __init__(
        self,
        transaction: LedgerTransactionPort,
        landing: Landing,
        *,
        old_commitment: str,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._transaction = transaction
        self._connection = transaction.connection
        self._landing = landing
        self._old_commitment = old_commitment
        self._random_bytes = random_bytes
        self._new_metadata: dict[str, Any] = {}
        self._grown_bytes = 0

    def write(self, order: RedactionOrder, signers: list[dict[str, str]]) -> tuple[str, Redaction]:
        """Write everything; the caller commits, then moves the returned name into place."""
        query = "file_id = (SELECT file_id FROM evidence_pages WHERE log_index = ?)"
        (row,) = file_rows(self._connection, query, (order.log_index,))
        name = free_name(self._connection, self._landing, row)
        tables = self._rewritten(checked_row_groups(self._landing, [row]), order)
        leaf = {
            "v": 1,
            "kind": LEAF_KIND,
            "statement": order.document(),
            "signers": signers,
            "old_commitment": self._old_commitment,
        }
        with self._landing.written(name, tables) as written:
            copies = self._copies(order.log_index)
            self._replace_row(row, name, written)
            index = self._record(order.log_index, leaf)
            self._landing.on_step("rows written")
        return name, _redaction(index, leaf, copies)

    def _replace_row(self, row: FileRow, name: str, written: WrittenFile) -> None:
        self._connection.execute(
            "UPDATE evidence_files SET path = ?, body_bytes = body_bytes + ?, file_bytes = ?, sha256 = ?"
            " WHERE file_id = ?",
            (name, self._grown_bytes, written.file_bytes, written.sha256, row.file_id),
        )
        mark_obsolete(self._connection, [row.path])

    def _rewritten(self, tables: Iterator[pa.Table], order: RedactionOrder) -> Iterator[pa.Table]:
        """The row groups, with the one row blanked."""
        for table in tables:
            indexes = table["log_index"].to_pylist()
            yield table if order.log_index not in indexes else self._blanked(table, indexes, order)
        if not self._new_metadata:
            raise RedactionError(f"page {order.log_index} is not in the file that should hold it")

    def _blanked(self, table: pa.Table, indexes: list[int], order: RedactionOrder) -> pa.Table:
        at = indexes.index(order.log_index)
        (row,) = rows_of(table.slice(at, 1))
        body = blank(row["body"], order.json_paths)
        self._grown_bytes = len(body) - len(row["body"])
        row |= {"body": body, "body_sha256": hashlib.sha256(body).hexdigest()}
        self._new_metadata = metadata_of_row(row)
        changed = table_of({name: [value] for name, value in row.items()})
        parts = [table.slice(0, at).cast(SCHEMA), changed, table.slice(at + 1).cast(SCHEMA)]
        return pa.concat_tables(parts).combine_chunks()

    def _copies(self, log_index: int) -> tuple[int, ...]:
        rows = self._connection.execute(
            "SELECT log_index FROM evidence_pages WHERE log_index <> :page AND body_sha256 ="
            " (SELECT body_sha256 FROM evidence_pages WHERE log_index = :page) ORDER BY log_index",
            {"page": log_index},
        ).fetchall()
        return tuple(row[0] for row in rows)

    def _record(self, log_index: int, leaf: dict[str, Any]) -> int:
        """New salt, page hash and governance leaf; what still names the old body's hash goes."""
        (salt,) = commitments.make_salts(1, self._random_bytes)
        leaf["new_commitment"] = commit_to(self._new_metadata, salt)
        index = self._transaction.append("governance", canonical(leaf))
        digest = bytes.fromhex(self._new_metadata["body_sha256"])
        execute = self._connection.execute
        execute("UPDATE salts SET salt = ? WHERE log_index = ?", (salt, log_index))
        execute("UPDATE evidence_pages SET body_sha256 = ? WHERE log_index = ?", (digest, log_index))
        execute("DELETE FROM validators WHERE log_index = ?", (log_index,))
        execute("INSERT INTO redactions VALUES (?, ?)", (index, log_index))
        return index


def metadata_of_row(row: dict[str, Any]) -> dict[str, Any]:
    """What a page's leaf commits to, from a row of its file."""
    return {name: row[name] for name in commitments.PAGE_COLUMNS}


def recorded_redactions(ledger: LedgerPort, connection: sqlite3.Connection) -> list[Redaction]:
    """All redactions, oldest first."""
    indexes = connection.execute(
        "SELECT governance_index FROM redactions ORDER BY governance_index"
    ).fetchall()
    return [_redaction(index, _leaf(ledger, "governance", index), ()) for (index,) in indexes]


def _redaction(index: int, leaf: dict[str, Any], copies: tuple[int, ...]) -> Redaction:
    statement = leaf["statement"]
    return Redaction(
        log_index=statement["log_index"],
        json_paths=tuple(statement["json_paths"]),
        policy=statement["policy"],
        reason=statement["reason"],
        signers=tuple(each["key_id"] for each in leaf["signers"]),
        redacted_at=datetime.fromisoformat(statement["ordered_at"]),
        governance_index=index,
        copies=copies,
    )


def _leaf(ledger: LedgerPort, log: str, index: int) -> dict[str, Any]:
    for _, leaf in ledger.leaves(log, index, index + 1):
        return dict(json.loads(leaf))
    raise EvidenceMissingError(f"the {log} log has no leaf {index}")
