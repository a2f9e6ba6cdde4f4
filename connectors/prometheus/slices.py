"""Time in slices: which part of it is asked for in one request, and which slices a run reads.

Slices are cells of fixed length on multiples of it since the epoch, and steps are multiples of the step since
the epoch. So the same slice is always asked for at the same instants, whenever it is read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Grid:
    """The instants of one query.

    Attributes:
        step: Time between two instants.
        length: Time of one slice, a multiple of the step.
    """

    step: timedelta
    length: timedelta


@dataclass(frozen=True, slots=True)
class Slice:
    """What one request asks for: the instants in [start, end) of one cell.

    Attributes:
        cell: Start of the cell, the slice's identity.
        start: First instant.
        end: The first moment not asked for any more; before the end of the cell while that is not over.
    """

    cell: datetime
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Horizon:
    """What can be asked for at all.

    Attributes:
        since: The first instant wanted; None for as long as the server remembers.
        end: The first instant not to be asked for any more.
        remembered_from: The server has forgotten what is older.
    """

    since: datetime | None
    end: datetime
    remembered_from: datetime

    @property
    def start(self) -> datetime:
        """The first moment to be asked for: what is older is not wanted, or forgotten."""
        return self.remembered_from if self.since is None else max(self.since, self.remembered_from)


def slices_between(grid: Grid, horizon: Horizon, start: datetime, end: datetime) -> Iterator[Slice]:
    """The slices that touch [start, end), oldest first, each as far as the horizon reaches."""
    cell = floored(start, grid.length)
    while cell < min(end, horizon.end):
        until = cell + grid.length
        first = max(cell, ceiled(horizon.start, grid.step))
        reached = min(until, horizon.end)
        if first < reached:
            yield Slice(cell, first, reached)
        cell = until


def new_slices(
    grid: Grid,
    horizon: Horizon,
    *,
    complete_until: datetime | None,
    read_until: datetime | None,
    overlap: timedelta,
) -> list[Slice]:
    """What a run reads: from the overlap before what is complete, or from the start of what there is.

    A slice that the server has begun to forget is left as it was read; one that was never read is read for
    what is left of it.

    Args:
        grid: The query's instants.
        horizon: What can be asked for.
        complete_until: Up to where slices are complete for what is wanted now.
        read_until: Up to where slices were ever read.
        overlap: How long before what is complete is read again.
    """
    start = horizon.start if complete_until is None else max(horizon.start, complete_until - overlap)
    return [
        part
        for part in slices_between(grid, horizon, start, horizon.end)
        if not is_fading(part, horizon, read_until)
    ]


def last_instant(grid: Grid, part: Slice) -> datetime:
    """The last instant of a slice."""
    return ceiled(part.end, grid.step) - grid.step


def is_fading(part: Slice, horizon: Horizon, read_until: datetime | None) -> bool:
    """Whether reading a slice again would lose samples that were read before the server forgot them."""
    begins = part.cell if horizon.since is None else max(part.cell, horizon.since)
    return read_until is not None and begins < min(read_until, horizon.remembered_from)


def floored(instant: datetime, unit: timedelta) -> datetime:
    """The last multiple of a unit up to an instant."""
    return instant - (instant - EPOCH) % unit


def ceiled(instant: datetime, unit: timedelta) -> datetime:
    """The first multiple of a unit from an instant on."""
    return instant + (EPOCH - instant) % unit
