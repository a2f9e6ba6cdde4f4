"""Fetching one stream, and what its end means for the run."""

from connectors.errors import ConnectorError, PermanentSourceError, TransientSourceError
from connectors.reports import StreamReport
from orchestration.run_record import StreamFailure
from orchestration.session import Session


def extract_stream(session: Session, source: str, stream: str) -> StreamReport:
    """Fetch what is new in one stream; pages are committed as they come.

    Raises:
        ConnectorError: the stream could not be read to its end. What it had delivered is kept.
    """
    if not session.record.reports:
        session.enter("extract")
    report = session.source(source).extract(
        stream, run_id=session.run_id, on_progress=session.watcher.extracting
    )
    session.record.reports.append(report)
    session.watcher.extracted(report)
    for failure in report.failures:
        session.watcher.note(f"{source}.{stream}: {failure.scope} was left out: {failure.error}")
    return report


def remember_failure(session: Session, source: str, stream: str, error: ConnectorError) -> None:
    """Keep for the summary that a stream gave up."""
    is_transient = isinstance(error, TransientSourceError)
    session.record.failures.append(StreamFailure(source, stream, str(error), is_transient))


def give_up_if_unreachable(session: Session, source: str, stream: str) -> None:
    """Spare a stream all retries when the source failed before in this run and still does not answer.

    Raises:
        PermanentSourceError: for this run; the next one tries again.
    """
    if not any(failure.source == source for failure in session.record.failures):
        return
    for diagnosis in session.source(source).check():
        if not diagnosis.is_ok:
            raise PermanentSourceError(
                f"not tried, for the source failed before and is still out of order: {diagnosis.message}",
                source=source,
                stream=stream,
            )
