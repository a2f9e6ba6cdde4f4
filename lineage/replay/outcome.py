"""What a replay says: what was loaded, what ran, and both values."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from lineage.trace.context import ContextFrame
from lineage.trace.document import TracedCell, plain


@dataclass(frozen=True, slots=True)
class CellValues:
    """The four numbers of a cell, as they are compared: exactly."""

    value: Decimal | None
    numerator: int | None
    denominator: int | None
    n: int | None


@dataclass(frozen=True, slots=True)
class RowColumn:
    """A column of a mart's row as it was published and as the records make it, in the database's spelling."""

    name: str
    published: str | None
    replayed: str | None

    @property
    def is_equal(self) -> bool:
        """Whether both say the same."""
        return self.published == self.replayed


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a replay began with.

    Attributes:
        contributing: records that make the number.
        context: records that it is read against.
        pages: response bodies that hold them, each checked against its leaf in the log.
        body_bytes: size of those bodies.
        dropped: records left out on request.
        frames: what the context is.
    """

    contributing: int
    context: int
    pages: int
    body_bytes: int
    dropped: tuple[int, ...]
    frames: tuple[ContextFrame, ...]


@dataclass(frozen=True, slots=True)
class Redundancy:
    """What becomes of the number without one contributing record.

    Attributes:
        record_id: the record.
        is_redundant: whether value, numerator, denominator and n stay as they are, and all columns of a row.
        reason: why it is redundant, as far as it is known.
        without: the numbers without it.
    """

    record_id: int
    is_redundant: bool
    reason: str | None
    without: CellValues


@dataclass(frozen=True, slots=True)
class Replay:
    """A cell made again from its records alone.

    Attributes:
        cell: the published cell.
        published: its numbers.
        replayed: what the stored SQL makes of the traced records.
        differences: in words, where they differ.
        loaded: the records.
        ran: models and steps, in the order in which they ran.
        models_sha256: the stored SQL.
        inputs_sha256: the stored settings and tokens.
        dropped_each: what each contributing record does, where that was asked for.
        seconds: how long each part took.
        address: the metric, or the mart's column, that was asked for.
        row: every column of the number's row, where it is no plain formula over facts.
    """

    cell: TracedCell
    published: CellValues
    replayed: CellValues
    differences: tuple[str, ...]
    loaded: Loaded
    ran: tuple[str, ...]
    models_sha256: str
    inputs_sha256: str
    dropped_each: tuple[Redundancy, ...]
    seconds: dict[str, float]
    address: str = ""
    row: tuple[RowColumn, ...] = ()

    @property
    def is_equal(self) -> bool:
        """Whether the records alone make exactly the published number."""
        return not self.differences

    @property
    def redundant(self) -> tuple[Redundancy, ...]:
        """Contributing records whose absence changes nothing."""
        return tuple(one for one in self.dropped_each if one.is_redundant)

    def to_document(self) -> dict[str, Any]:
        """Return the replay as JSON-able values: decimals as text, ids as integers."""
        document: dict[str, Any] = {"v": 1, "is_equal": self.is_equal}
        return document | {each.name: plain(getattr(self, each.name)) for each in fields(self)}


def differences(
    published: CellValues, replayed: CellValues, row: Sequence[RowColumn] = ()
) -> tuple[str, ...]:
    """Say where two cells, and the columns of their row, differ, in words."""
    numbers = (
        (each.name, getattr(published, each.name), getattr(replayed, each.name))
        for each in fields(CellValues)
    )
    columns = ((f"column {each.name}", each.published, each.replayed) for each in row)
    return tuple(
        f"{name}: published {_text(one)}, from the records {_text(other)}"
        for name, one, other in (*numbers, *columns)
        if one != other
    )


def _text(value: Decimal | int | str | None) -> str:
    return "empty" if value is None else str(value)
