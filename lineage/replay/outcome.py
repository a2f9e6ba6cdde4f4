"""What a replay says: what was loaded, what ran, and both values."""

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
        is_redundant: whether value, numerator, denominator and n stay as they are.
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


def differences(published: CellValues, replayed: CellValues) -> tuple[str, ...]:
    """Say where two cells differ, in words."""
    return tuple(
        f"{each.name}: published {_text(getattr(published, each.name))}, "
        f"from the records {_text(getattr(replayed, each.name))}"
        for each in fields(CellValues)
        if getattr(published, each.name) != getattr(replayed, each.name)
    )


def _text(value: Decimal | int | None) -> str:
    return "empty" if value is None else str(value)
