"""The whole-file seal: a hash that also covers what no leaf covers, such as free pages and other tables."""

import json
import sqlite3
from dataclasses import asdict, dataclass
from pathlib import Path

from lineage.ledger import merkle
from lineage.ledger.canonical import canonical_json
from lineage.ledger.files import (
    clear_mark,
    opened_for_hashing,
    seal_path,
    sha256_of,
    write_durably,
)
from lineage.ledger.log_reading import node_reader, size_of


@dataclass(frozen=True, slots=True)
class Seal:
    """What a ledger's file was when it was closed; hashes are hex."""

    file_bytes: int
    sha256: str
    payload_size: int
    payload_root: str
    governance_size: int
    governance_root: str

    def document(self) -> bytes:
        """The seal file's content: canonical, so that any change of it is a difference."""
        values = asdict(self)
        return canonical_json({"bytes": values.pop("file_bytes"), **values}) + b"\n"

    @classmethod
    def parse(cls, document: bytes) -> "Seal":
        """Read a seal file.

        Raises:
            ValueError: it is no seal, or not in the form in which seals are written.
        """
        value = json.loads(document)
        if not isinstance(value, dict) or "bytes" not in value:
            raise ValueError("it does not have the fields of a seal")
        seal = cls(file_bytes=value.pop("bytes"), **value)
        if seal.document() != document:
            raise ValueError("it is not in canonical form")
        return seal


def seal_of(connection: sqlite3.Connection, descriptor: int) -> Seal:
    """The seal of a file whose content the connection's lock keeps still."""
    file_bytes, digest = sha256_of(descriptor)
    payload, governance = (size_of(connection, log) for log in ("payload", "governance"))
    return Seal(
        file_bytes=file_bytes,
        sha256=digest,
        payload_size=payload,
        payload_root=merkle.root(node_reader(connection, "payload"), payload).hex(),
        governance_size=governance,
        governance_root=merkle.root(node_reader(connection, "governance"), governance).hex(),
    )


def write_seal(connection: sqlite3.Connection, path: Path) -> None:
    """Seal the file while other writers are locked out, and clear the dirty marker."""
    with opened_for_hashing(path) as descriptor:
        connection.execute("BEGIN IMMEDIATE")
        try:
            write_durably(seal_path(path), seal_of(connection, descriptor).document())
            clear_mark(path)
        finally:
            connection.execute("ROLLBACK")
