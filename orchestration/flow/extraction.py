"""Fetching one stream, and what its end means for the run."""

from connectors.errors import (
    ConnectorError,
    PermanentSourceError,
    TransientSourceError,
    UnreachableSourceError,
)
from connectors.reports import StreamReport
from connectors.streams import Place, TimeWindow
from orchestration.collection import Uncollected, uncollected_lines
from orchestration.repair.repairing import RepairPlan
from orchestration.run_record import StreamFailure
from orchestration.session import Session


class SourceOutOfOrderError(PermanentSourceError):
    """The source failed before in this run and still does not answer."""


class SourceAwaitedError(UnreachableSourceError):
    """The source cannot be reached at present, and another stream of it tries again already."""


def leave_out(session: Session, source: str, stream: str) -> str | None:
    """Keep for the summary that the collection register does not allow a stream; say so once per source.

    Returns:
        Why not, or None where the stream may be fetched.
    """
    reason = session.uncollected.get((source, stream))
    if reason is None:
        return None
    record = session.record
    if not any(each.source == source for each in record.uncollected):
        all_of_it = [Uncollected(*key, why) for key, why in session.uncollected.items() if key[0] == source]
        for line in uncollected_lines(all_of_it):
            session.watcher.note(line)
    record.uncollected.append(Uncollected(source, stream, reason))
    return reason


def extract_stream(
    session: Session,
    source: str,
    stream: str,
    *,
    window: TimeWindow | None = None,
    place: Place | None = None,
) -> StreamReport:
    """Fetch what is new in one stream, or one window of it again; pages are committed as they come.

    Args:
        session: The open workspace.
        source: Name of the source.
        stream: Name of the stream.
        window: What to fetch again, the cursor left where it is; None goes on from the cursor.
        place: Where alone; None for everywhere.

    Raises:
        ConnectorError: the stream could not be read to its end. What it had delivered is kept.
    """
    if not session.record.reports:
        session.enter("extract")
    report = session.source(source).extract(
        stream, run_id=session.run_id, on_progress=session.watcher.extracting, window=window, place=place
    )
    if report.failures and not report.windows_closed:
        raise report.failures[0].error  # not one scope could be read: the source itself has failed
    if report.pages:
        session.store.compact(source, stream)
    session.awaited.pop(source, None)
    session.record.reports.append(report)
    session.watcher.extracted(report)
    for failure in report.failures:
        session.watcher.note(f"{source}.{stream}: {failure.scope} was left out: {failure.error}")
    return report


def repair_stream(session: Session, plan: RepairPlan, source: str, stream: str) -> list[StreamReport]:
    """Read of one stream exactly what a repair names; what a first attempt has read is not read twice.

    Args:
        session: The open workspace.
        plan: The repair.
        source: Name of the source.
        stream: Name of the stream.

    Raises:
        ConnectorError: a step could not be read to its end, or the source has nothing there any more.
    """
    reports = []
    for step in plan.of(source, stream):
        if step in session.repaired:
            continue
        report = extract_stream(session, source, stream, window=step.window, place=step.place)
        if step.place.is_again and not report.windows_closed:
            raise PermanentSourceError(
                f"Nothing was read again by `{step.command}`: the settings or the source no longer name that "
                "place, so there is nothing to compare with. Evidence of it stays as it is.",
                source=source,
                stream=stream,
            )
        session.repaired.add(step)
        reports.append(report)
    return reports


def remember_failure(session: Session, source: str, stream: str, error: ConnectorError) -> None:
    """Keep for the summary that a stream gave up."""
    is_transient = isinstance(error, TransientSourceError)
    is_tried = not isinstance(error, SourceOutOfOrderError | SourceAwaitedError)
    if is_tried and isinstance(error, UnreachableSourceError):
        session.out_of_order[source] = "it could not be reached"
    _end_waiting_for(session, source, stream)
    name, text = f"{source}.{stream}", str(error)
    message = text if text.startswith(name) else f"{name}: {text}"
    session.record.failures.append(StreamFailure(source, stream, message, is_transient, is_tried))


def give_up_if_unreachable(session: Session, source: str, stream: str) -> None:
    """Spare a stream all retries when the source failed before in this run and still does not answer.

    A stream that could not reach the source tries again some times; until it has come through or given up,
    the others of the source wait for it, and after that none of them is tried.

    Raises:
        SourceOutOfOrderError: for this run; the next one tries again.
        SourceAwaitedError: for now; it is to be asked for again after a while.
    """
    if source not in session.out_of_order and any(
        failure.source == source for failure in session.record.failures
    ):
        wrong = (each.message for each in session.source(source).check() if not each.is_ok)
        session.out_of_order[source] = next(wrong, None)
    reason = session.out_of_order.get(source)
    if reason is not None:
        raise SourceOutOfOrderError(
            f"not tried, for the source is out of order: {reason}", source=source, stream=stream
        )
    awaited = session.awaited.get(source, stream)
    if awaited != stream:
        raise SourceAwaitedError(
            f"the source cannot be reached; {awaited} tries again", source=source, stream=stream
        )


def _end_waiting_for(session: Session, source: str, stream: str) -> None:
    if session.awaited.get(source) == stream:
        del session.awaited[source]


def note_retry(session: Session, source: str, stream: str, error: ConnectorError, seconds: float) -> None:
    """Say that a stream is tried again; a source that cannot be reached is told of once.

    Args:
        session: The open workspace.
        source: Name of the source.
        stream: Name of the stream.
        error: Why it must be.
        seconds: When.
    """
    if isinstance(error, SourceAwaitedError):
        return
    _end_waiting_for(session, source, stream)
    if isinstance(error, UnreachableSourceError):
        session.awaited[source] = stream
    session.watcher.note(f"{error} Trying again in {seconds:.0f} s")
