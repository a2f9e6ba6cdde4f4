"""What tests of sources share: a real evidence store, and time that passes when somebody sleeps."""

import random
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq

from connectors.evidence import EvidenceStore
from connectors.runtime import Runtime
from lineage.ledger import Ledger


@contextmanager
def open_store(folder: Path) -> Iterator[EvidenceStore]:
    """An evidence store over its own ledger; what a crash left is mended first."""
    with Ledger(folder / "ledger.sqlite") as ledger:
        store = EvidenceStore(folder / "evidence", ledger, random_bytes=secrets.token_bytes)
        store.recover()
        yield store
        store.close()


@dataclass(slots=True)
class FakeTime:
    """A clock that moves only when somebody sleeps."""

    now: datetime = datetime(2026, 11, 22, 12, tzinfo=UTC)
    slept: list[float] = field(default_factory=list)

    def clock(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return self.now.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)

    @property
    def slept_seconds(self) -> float:
        return sum(self.slept)

    def runtime(self) -> Runtime:
        return Runtime(
            clock=self.clock,
            monotonic=self.monotonic,
            sleep=self.sleep,
            generator=random.Random(7),
        )


def landed(store: EvidenceStore, stream: str) -> list[dict[str, Any]]:
    """All pages of a stream in log order, as rows."""
    rows: list[dict[str, Any]] = []
    for file in store.committed_files():
        if file.stream == stream:
            rows.extend(pq.read_table(file.path).to_pylist())
    return sorted(rows, key=lambda row: row["log_index"])


def landed_records(store: EvidenceStore, stream: str, *, envelope: str | None = None) -> list[Any]:
    """All JSON records of a stream in log order."""
    records: list[Any] = []
    for row in landed(store, stream):
        value = msgspec.json.decode(row["body"])
        if envelope is not None:
            value = value[envelope]
        records.extend(value if isinstance(value, list) else [value])
    return records


def windows(store: EvidenceStore, stream: str) -> list[dict[str, Any]]:
    """All closed windows of a stream, in the order they were closed."""
    return [row for row in store.windows().to_pylist() if row["stream"] == stream]
