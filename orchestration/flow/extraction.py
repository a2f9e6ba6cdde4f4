"""Fetching one stream, and what its end means for the run."""

from connectors.errors import ConnectorError, PermanentSourceError, TransientSourceError
from connectors.reports import StreamReport
from connectors.streams import TimeWindow
from orchestration.collection import Uncollected, uncollected_lines
from orchestration.run_record import StreamFailure
from orchestration.session import Session


class SourceOutOfOrderError(PermanentSourceError):
    """The source failed before in this run and still does not answer."""


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
    session: Session, source: str, stream: str, *, window: TimeWindow | None = None
) -> StreamReport:
    """Fetch what is new in one stream, or one window of it again; pages are committed as they come.

    Args:
        session: The open workspace.
        source: Name of the source.
        stream: Name of the stream.
        window: What to fetch again, the cursor left where it is; None goes on from the cursor.

    Raises:
        ConnectorError: the stream could not be read to its end. What it had delivered is kept.
    """
    if not session.record.reports:
        session.enter("extract")
    report = session.source(source).extract(
        stream, run_id=session.run_id, on_progress=session.watcher.extracting, window=window
    )
    if report.failures and not report.windows_closed:
        raise report.failures[0].error  # not one scope could be read: the source itself has failed
    if report.pages:
        session.store.compact(source, stream)
    session.record.reports.append(report)
    session.watcher.extracted(report)
    for failure in report.failures:
        session.watcher.note(f"{source}.{stream}: {failure.scope} was left out: {failure.error}")
    return report


def remember_failure(session: Session, source: str, stream: str, error: ConnectorError) -> None:
    """Keep for the summary that a stream gave up."""
    is_transient = isinstance(error, TransientSourceError)
    is_tried = not isinstance(error, SourceOutOfOrderError)
    name, text = f"{source}.{stream}", str(error)
    message = text if text.startswith(name) else f"{name}: {text}"
    session.record.failures.append(StreamFailure(source, stream, message, is_transient, is_tried))


def give_up_if_unreachable(session: Session, source: str, stream: str) -> None:
    """Spare a stream all retries when the source failed before in this run and still does not answer.

    Raises:
        SourceOutOfOrderError: for this run; the next one tries again.
    """
    if not any(failure.source == source for failure in session.record.failures):
        return
    if source not in session.out_of_order:
        session.out_of_order[source] = not all(each.is_ok for each in session.source(source).check())
    if session.out_of_order[source]:
        raise SourceOutOfOrderError("not tried, for the source is out of order", source=source, stream=stream)
