"""What a replay needs of whoever keeps the evidence and computes the steps; both are handed in."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import duckdb
import pyarrow as pa

from lineage.trace.context import Address


@dataclass(frozen=True, slots=True)
class PageAddress:
    """A page, by what is needed to choose it. `table` is its stream with the kind: `github__reviews`."""

    log_index: int
    table: str
    source: str
    scope: str
    parent_key: str | None
    record_count: int


class EvidenceArchive(Protocol):
    """Committed evidence below one size of the payload log."""

    def tables(self) -> Collection[str]:
        """Return the streams that have pages: `github__reviews`."""

    def addresses(self, table: str, scopes: Collection[str] | None) -> Sequence[PageAddress]:
        """Return the pages of a stream, of some scopes or of all."""

    def located(self, log_indexes: Collection[int]) -> Sequence[PageAddress]:
        """Return where these pages stand."""

    def pages(self, log_indexes: Collection[int]) -> pa.Table:
        """Return pages with their bodies, each checked against its commitment in the log.

        Raises an error that names the page where its body is another one.
        """

    def windows(self, pages: Iterable[Address]) -> pa.Table:
        """Return the closed windows of the sets (source, stream, scope, parent) that the pages belong to."""


class Step(Protocol):
    """A step of the build that SQL cannot take: the commit graph, working hours, exact bounds."""

    @property
    def writes(self) -> tuple[str, ...]:
        """The relations that it makes."""

    @property
    def reads(self) -> tuple[str, ...]:
        """The relations that it reads."""

    def run(self, con: duckdb.DuckDBPyConnection) -> None:
        """Make them."""
