"""Deliveries: to whom a publication was handed, for what, and who was told that its values were restated.

The governance log keeps that something was handed over, as what, and a keyed commitment to the recipient's
name. The name itself stays in a private store that only its owner may read, and may be erased there:
without the key the commitment tells nothing.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from governance.canonical import canonical_json
from governance.errors import DeliveryError

ROLES = ("leadership", "analyst", "auditor")
_SCHEMA = """
create table if not exists recipients (commitment text primary key, name text, erased_at text);
create table if not exists deliveries (
    delivery_id text primary key, kind text not null, publication_id text not null, role text not null,
    recipient text not null, purpose text not null, manifest_sha256 text not null, at text not null,
    leaf_index integer not null, about text
);
"""
_READ = """
select delivery_id, kind, publication_id, role, recipient, purpose, manifest_sha256, at, about,
    leaf_index, name
from deliveries left join recipients on commitment = recipient
order by leaf_index
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One handing over, or one notice of a restatement.

    Attributes:
        delivery_id: Its name: random, so that nothing can be read from it.
        kind: `export`, or `notice` that the values of a publication were restated.
        publication_id: What was handed over; of a notice, the publication whose values were restated.
        role: Which files: leadership, analyst or auditor.
        recipient: Keyed commitment to the recipient's name.
        purpose: What for; it names nobody.
        manifest_sha256: Hash of the list of files that were given.
        at: When.
        about: Of a notice: the publication that restates.
        leaf_index: Its place in the governance log; None before it is recorded.
        name: The recipient, where the private store still knows it.
    """

    delivery_id: str
    kind: str
    publication_id: str
    role: str
    recipient: str
    purpose: str
    manifest_sha256: str
    at: datetime
    about: str | None = None
    leaf_index: int | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        """Refuse what says nothing.

        Raises:
            DeliveryError: role, purpose or time are missing.
        """
        if self.role not in ROLES:
            raise DeliveryError(f"unknown role {self.role!r}; known: {', '.join(ROLES)}")
        if not self.purpose.strip():
            raise DeliveryError("handing values over needs a purpose")
        if self.at.tzinfo is None:
            raise DeliveryError("the time of handing over needs a time zone")

    def leaf(self) -> bytes:
        """Return the canonical bytes for the governance log."""
        return canonical_json(
            {
                "v": 1,
                "kind": "publication_export" if self.kind == "export" else "restatement_notice",
                "delivery_id": self.delivery_id,
                "publication_id": self.publication_id,
                "role": self.role,
                "recipient": self.recipient,
                "purpose": self.purpose,
                "manifest_sha256": self.manifest_sha256,
                "about": self.about,
                "at": self.at.astimezone(UTC).isoformat(),
            }
        )

    def to_document(self) -> dict[str, Any]:
        """Return the JSON form for whoever may read the private store."""
        return {
            "delivery_id": self.delivery_id,
            "kind": self.kind,
            "publication_id": self.publication_id,
            "role": self.role,
            "recipient": self.name,
            "recipient_commitment": self.recipient,
            "purpose": self.purpose,
            "manifest_sha256": self.manifest_sha256,
            "at": self.at.astimezone(UTC).isoformat(),
            "about": self.about,
            "leaf_index": self.leaf_index,
        }


@dataclass(frozen=True, slots=True)
class DeliveryStore:
    """The private store of deliveries: one SQLite file, readable by its owner alone."""

    path: Path

    def add(self, delivery: Delivery, *, name: str) -> None:
        """Keep a delivery and the recipient's name; doing it twice is no harm.

        Raises:
            DeliveryError: the file cannot be written.
        """
        with self._connection() as connection:
            connection.execute(
                "insert into recipients values (?, ?, null) on conflict do update set name = excluded.name",
                (delivery.recipient, name),
            )
            connection.execute(
                "insert or ignore into deliveries values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    delivery.delivery_id,
                    delivery.kind,
                    delivery.publication_id,
                    delivery.role,
                    delivery.recipient,
                    delivery.purpose,
                    delivery.manifest_sha256,
                    delivery.at.astimezone(UTC).isoformat(),
                    delivery.leaf_index,
                    delivery.about,
                ),
            )

    def all(self) -> list[Delivery]:
        """Return every delivery in the order of the log.

        Raises:
            DeliveryError: the file cannot be read.
        """
        if not self.path.exists():
            return []
        try:
            with closing(sqlite3.connect(f"file:{quote(str(self.path))}?mode=ro", uri=True)) as connection:
                rows = connection.execute(_READ).fetchall()
        except sqlite3.Error as error:
            raise DeliveryError(f"the private store {self.path} cannot be read: {error}") from error
        return [_delivery(row) for row in rows]

    def erase(self, commitment: str, *, at: datetime) -> bool:
        """Forget a recipient's name; the deliveries and the log stay. Returns whether there was one.

        Raises:
            DeliveryError: the file cannot be written.
        """
        with self._connection() as connection:
            done = connection.execute(
                "update recipients set name = null, erased_at = ? where commitment = ? and name is not null",
                (at.astimezone(UTC).isoformat(), commitment),
            )
            return done.rowcount > 0

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
            os.close(descriptor)
            with closing(sqlite3.connect(self.path)) as connection, connection:
                connection.execute("pragma secure_delete = on")
                connection.executescript(_SCHEMA)
                yield connection
        except (OSError, sqlite3.Error) as error:
            raise DeliveryError(f"the private store {self.path} cannot be used: {error}") from error


def _delivery(row: Sequence[Any]) -> Delivery:
    names = ("delivery_id", "kind", "publication_id", "role", "recipient", "purpose", "manifest_sha256")
    *plain, at, about, leaf_index, name = row
    return Delivery(
        **dict(zip(names, plain, strict=True)),
        at=datetime.fromisoformat(at),
        about=about,
        leaf_index=leaf_index,
        name=name,
    )
