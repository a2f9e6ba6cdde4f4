"""What a repair fetches again: exactly the windows and lists that a red check names, or the user."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from connectors.http.streams import HttpStream, Reading
from connectors.streams import Place, TimeWindow
from orchestration.errors import UsageError
from orchestration.settings import Settings
from orchestration.sources import enabled_streams
from quality_checks.repairs import Repair, refetch
from quality_checks.results import CheckResult


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairStep:
    """One thing that is read, and nothing else of its stream.

    Attributes:
        source: Name of the source.
        stream: Name of the stream.
        place: The scope, and the parent where it is the list of one.
        window: The window of time; None for a list as a whole.
    """

    source: str
    stream: str
    place: Place
    window: TimeWindow | None = None

    @property
    def command(self) -> str:
        """The command that does this alone."""
        return refetch(
            self.source,
            self.stream,
            scope=self.place.scope,
            parent_key=self.place.parent_key,
            requested_from=self.window.start if self.window else None,
            requested_until=self.window.end if self.window else None,
        ).command


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairPlan:
    """What one repair does, before everything is built and checked again.

    Attributes:
        steps: What is read again.
        followers: What is read as usual, but only there: lists of records that a step may bring to light.
        is_run: Whether every stream goes on from its cursor as well.
        is_full_refresh: Whether every model is built from the beginning.
    """

    steps: tuple[RepairStep, ...] = ()
    followers: tuple[RepairStep, ...] = ()
    is_run: bool = False
    is_full_refresh: bool = False

    @property
    def streams(self) -> frozenset[tuple[str, str]]:
        """Source and stream of everything that is read."""
        return frozenset((step.source, step.stream) for step in (*self.steps, *self.followers))

    def of(self, source: str, stream: str) -> tuple[RepairStep, ...]:
        """What is read of one stream, in order."""
        return tuple(
            step for step in (*self.steps, *self.followers) if (step.source, step.stream) == (source, stream)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RedCheck:
    """A red check and what mends it.

    Attributes:
        name: The check.
        subject: The relation that was checked.
        severity: Whether it stops publication.
        message: What is wrong.
        offenders: The first offenders.
        repairs: The commands, with an estimate of requests for each that fetches; empty where none helps.
        remedy: What else there is to do.
    """

    name: str
    subject: str
    severity: str
    message: str
    offenders: tuple[str, ...]
    remedy: str
    repairs: tuple["EstimatedRepair", ...] = field(default=())

    def to_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class EstimatedRepair:
    """A command, and how many requests it takes at about; None where that is not known beforehand."""

    action: str
    command: str
    requests: int | None


def steps_of(repairs: Iterable[Repair]) -> tuple[RepairStep, ...]:
    """Return what repairs fetch again, each thing once, in their order."""
    steps = [
        RepairStep(
            source=repair.source or "",
            stream=repair.stream or "",
            place=Place(repair.scope, repair.parent_key),
            window=_window(repair),
        )
        for repair in repairs
        if repair.action == "refetch"
    ]
    return tuple(dict.fromkeys(steps))


def _window(repair: Repair) -> TimeWindow | None:
    if repair.requested_from is None or repair.requested_until is None:
        return None
    return TimeWindow(instant_of(repair.requested_from), instant_of(repair.requested_until))


def instant_of(text: str) -> datetime:
    """Read a day or an instant as the command takes it; without an offset it is UTC.

    Raises:
        UsageError: It is neither.
    """
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"{text!r} is no day and no instant. Write 2026-04-01 or 2026-04-01T12:30:00Z"
        ) from error
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def red_checks(results: Iterable[CheckResult], windows: pa.Table) -> list[RedCheck]:
    """Say of each red check what mends it and what that costs.

    Args:
        results: The last results.
        windows: Every closed window, for the estimate.
    """
    return [
        RedCheck(
            name=result.name,
            subject=result.subject,
            severity=result.severity,
            message=result.message,
            offenders=result.offenders,
            remedy=result.remedy,
            repairs=tuple(
                EstimatedRepair(
                    repair.action,
                    repair.command,
                    requests_of(steps_of([repair])[0], windows) if repair.action == "refetch" else None,
                )
                for repair in result.repairs
            ),
        )
        for result in results
        if not result.is_passed
    ]


def plan_of_checks(settings: Settings, results: Iterable[CheckResult]) -> RepairPlan:
    """Return what mends every red check that a command mends.

    A warning that any run mends waits for the next one.

    Args:
        settings: The settings; what they no longer name is left out.
        results: The last results.
    """
    red = [result for result in results if not result.is_passed]
    repairs = [repair for result in red for repair in result.repairs]
    known = {(source.name, each.name) for source in settings.sources for each in enabled_streams(source)}
    steps = tuple(step for step in steps_of(repairs) if (step.source, step.stream) in known)
    return plan_of_steps(
        settings,
        steps,
        is_run=any(each.action == "run" for result in red if result.is_blocking for each in result.repairs),
        is_full_refresh=any(repair.action == "rebuild" for repair in repairs),
    )


def plan_of_steps(
    settings: Settings,
    steps: Sequence[RepairStep],
    *,
    is_run: bool = False,
    is_full_refresh: bool = False,
) -> RepairPlan:
    """Return the plan of these steps, with what follows them.

    Args:
        settings: The settings.
        steps: What is read again.
        is_run: Whether every stream goes on from its cursor as well.
        is_full_refresh: Whether every model is built from the beginning.
    """
    followers = dict.fromkeys(each for step in steps for each in _followers(settings, step))
    return RepairPlan(
        steps=tuple(steps),
        followers=tuple(followers),
        is_run=is_run,
        is_full_refresh=is_full_refresh,
    )


def _followers(settings: Settings, step: RepairStep) -> Iterable[RepairStep]:
    """Yield the lists of records that the step may bring to light: those below it, in the same scope."""
    source = next(each for each in settings.sources if each.name == step.source)
    above = {step.stream}
    for stream in enabled_streams(source):
        if stream.parent not in above or stream.name in above or stream.is_windowed:
            continue
        if isinstance(stream, HttpStream) and stream.reading is Reading.PER_CURRENT_PARENT:
            continue  # read whenever it is listed: nothing of it is known to be missing
        above.add(stream.name)
        yield RepairStep(
            source=step.source, stream=stream.name, place=Place(step.place.scope, is_again=False)
        )


def requests_of(step: RepairStep, windows: pa.Table) -> int:
    """Return how many requests a step takes at about: as many as the pages that are held of the same place.

    Of a window that is not held, or not whole, the rest takes what as long a time of the place took.

    Args:
        step: What is read again.
        windows: Every closed window.
    """
    is_mine = pc.and_(pc.equal(windows["source"], step.source), pc.equal(windows["stream"], step.stream))
    if step.place.scope is not None:
        is_mine = pc.and_(is_mine, pc.equal(windows["scope"], step.place.scope))
    if step.place.parent_key is not None:
        is_mine = pc.and_(is_mine, pc.equal(windows["parent_key"], step.place.parent_key))
    mine = windows.filter(is_mine)
    if step.window is not None:
        held = mine.filter(
            pc.and_(
                pc.less(mine["requested_from"], pa.scalar(step.window.end)),
                pc.greater(mine["requested_until"], pa.scalar(step.window.start)),
            )
        )
        return max(1, _pages(held) + _pages_of_gaps(step.window, mine))
    if step.place.parent_key is not None:
        mine = mine.slice(max(mine.num_rows - 1, 0))  # the newest; windows come in the log's order
    return max(1, _pages(mine))


def _pages(windows: pa.Table) -> int:
    return len({index for pages in windows["page_indexes"].to_pylist() for index in pages})


def _pages_of_gaps(wanted: TimeWindow, held: pa.Table) -> int:
    """How many pages the parts of a window may have that were never read."""
    read = sorted(
        (start, end)
        for start, end in zip(
            held["requested_from"].to_pylist(), held["requested_until"].to_pylist(), strict=True
        )
        if start is not None and end is not None
    )
    known, missing, reached = timedelta(0), timedelta(0), wanted.start
    for start, end in read:
        known += end - start
        missing += max(timedelta(0), min(start, wanted.end) - reached)
        reached = max(reached, end)
    missing += max(timedelta(0), wanted.end - reached)
    return math.ceil(_pages(held) * (missing / known)) if known else 0
