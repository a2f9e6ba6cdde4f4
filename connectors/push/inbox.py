"""Where deliveries wait, safe from a crash, until a run lands them as evidence.

A delivery is on disk before it is acknowledged. Its id stays known after it was landed, so that the same
delivery sent again, today or after a restart, is told and kept once. Bodies go when they have been landed.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path

_SCHEMA = """
create table if not exists deliveries (
    sequence integer primary key autoincrement,
    source text not null,
    stream text not null,
    event text not null,
    delivery_id text not null,
    address text not null,
    received_at text not null,
    headers text not null,
    body_sha256 text not null,
    body blob,
    unique (source, stream, delivery_id)
);
create index if not exists waiting on deliveries (source, stream, sequence) where body is not null;
"""
_BUSY_SECONDS = 30.0


class Receipt(Enum):
    """What became of a delivery."""

    KEPT = "kept"
    KNOWN = "known"
    """The same delivery was kept before."""

    CONTRADICTS = "contradicts"
    """Another delivery of the same id was kept before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What somebody sent.

    Attributes:
        stream: The stream that it belongs to.
        event: What kind of event it says it is.
        delivery_id: What tells it from all others of the stream.
        address: The endpoint that it came to.
        received_at: When its last byte came.
        headers: Headers to keep; never a signature or a secret.
        body: The body, byte by byte.
        sequence: Its place in the inbox; 0 before it is kept.
    """

    stream: str
    event: str
    delivery_id: str
    address: str
    received_at: datetime
    headers: Mapping[str, str]
    body: bytes
    sequence: int = 0


class DamagedInboxError(Exception):
    """A delivery that waits is not what it was when it came."""


class Inbox:
    """The deliveries of one source that wait on disk; several processes may use it at once.

    Args:
        path: The SQLite file; made where it is missing.
        source: Name of the source.
    """

    def __init__(self, path: Path, *, source: str) -> None:
        self._path = path
        self._source = source

    def put(self, delivery: Delivery) -> Receipt:
        """Keep a delivery; it is on disk when this returns.

        Raises:
            sqlite3.Error: It could not be kept.
        """
        digest = hashlib.sha256(delivery.body).hexdigest()
        row = (
            self._source,
            delivery.stream,
            delivery.event,
            delivery.delivery_id,
            delivery.address,
            delivery.received_at.isoformat(),
            json.dumps(dict(delivery.headers), sort_keys=True),
            digest,
            delivery.body,
        )
        with self._open() as connection:
            added = connection.execute(
                "insert into deliveries (source, stream, event, delivery_id, address, received_at, headers, "
                "body_sha256, body) values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing",
                row,
            )
            if added.rowcount:
                return Receipt.KEPT
            (known,) = connection.execute(
                "select body_sha256 from deliveries where source = ? and stream = ? and delivery_id = ?",
                (self._source, delivery.stream, delivery.delivery_id),
            ).fetchone()
        return Receipt.KNOWN if known == digest else Receipt.CONTRADICTS

    def waiting(self, stream: str, *, after: int = 0) -> Iterator[Delivery]:
        """The deliveries of a stream that were not landed, in the order in which they came.

        Args:
            stream: The stream.
            after: The sequence up to which evidence has them already.

        Raises:
            DamagedInboxError: A body is not what it was.
        """
        last = after
        while (delivery := self._next(stream, last)) is not None:
            yield delivery
            last = delivery.sequence

    def count(self) -> dict[str, int]:
        """How many deliveries wait, by stream."""
        if not self._path.exists():
            return {}
        with self._open() as connection:
            rows = connection.execute(
                "select stream, count(*) from deliveries where source = ? and body is not null "
                "group by stream",
                (self._source,),
            ).fetchall()
        return dict(rows)

    def holds(self, stream: str, *, sequence: int, delivery_id: str) -> bool:
        """Whether this delivery stands at this place; in another inbox, or an older copy, it does not."""
        if not self._path.exists():
            return False
        with self._open() as connection:
            found = connection.execute(
                "select 1 from deliveries where source = ? and stream = ? and sequence = ? "
                "and delivery_id = ?",
                (self._source, stream, sequence, delivery_id),
            ).fetchone()
        return found is not None

    def forget_bodies(self, stream: str, *, up_to: int) -> None:
        """Let go of bodies that evidence holds by now; their ids stay known."""
        with self._open() as connection:
            connection.execute(
                "update deliveries set body = null where source = ? and stream = ? and sequence <= ? "
                "and body is not null",
                (self._source, stream, up_to),
            )

    def _next(self, stream: str, after: int) -> Delivery | None:
        if not self._path.exists():
            return None
        with self._open() as connection:
            row = connection.execute(
                "select sequence, event, delivery_id, address, received_at, headers, body_sha256, body "
                "from deliveries where source = ? and stream = ? and sequence > ? and body is not null "
                "order by sequence limit 1",
                (self._source, stream, after),
            ).fetchone()
        if row is None:
            return None
        sequence, event, delivery_id, address, received_at, headers, digest, body = row
        if hashlib.sha256(body).hexdigest() != digest:
            raise DamagedInboxError(
                f"Delivery {delivery_id} of {stream} waits in {self._path.name} and is not what it was when "
                "it came: its hash differs. Restore the file from a backup, or ask the sender to deliver it "
                "again."
            )
        return Delivery(
            stream=stream,
            event=event,
            delivery_id=delivery_id,
            address=address,
            received_at=datetime.fromisoformat(received_at),
            headers=json.loads(headers),
            body=body,
            sequence=sequence,
        )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._path, timeout=_BUSY_SECONDS)) as connection:
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = full")
            connection.executescript(_SCHEMA)
            with connection:
                yield connection
