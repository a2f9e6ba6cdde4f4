"""One asset per stream of each source: what was fetched, and what its failure means."""

import warnings
from collections.abc import Iterator

import dagster as dg

from connectors.errors import ConnectorError, TransientSourceError
from connectors.reports import StreamReport
from connectors.streams import Stream, TimeWindow
from orchestration.assets.partitions import days_of, window_of
from orchestration.assets.workspace import OpenWorkspace
from orchestration.flow.extraction import (
    extract_stream,
    give_up_if_unreachable,
    leave_out,
    note_retry,
    remember_failure,
    repair_stream,
)
from orchestration.session import Session
from orchestration.settings import Settings, SourceSettings
from orchestration.sources import enabled_streams

RETRIES = 2
FIRST_WAIT_SECONDS = 20.0


def stream_assets(
    settings: Settings, *, first_wait_seconds: float = FIRST_WAIT_SECONDS
) -> list[dg.AssetsDefinition]:
    """Return the assets of every enabled stream, in the order in which they are best fetched."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # backfill policies are called beta in this version
        return list(_stream_assets(settings, first_wait_seconds))


def _stream_assets(settings: Settings, first_wait_seconds: float) -> Iterator[dg.AssetsDefinition]:
    days = days_of(settings)
    count = 0
    for source in settings.sources:
        streams = enabled_streams(source)
        names = {stream.name for stream in streams}
        for stream in streams:
            parent = stream.parent if stream.parent in names else None
            yield _stream_asset(
                source,
                stream,
                parent=parent,
                partitions=days if stream.is_windowed else None,
                priority=-count,
                first_wait_seconds=first_wait_seconds,
            )
            count += 1


def stream_key(source: str, stream: str) -> dg.AssetKey:
    """Name the asset of a source's stream."""
    return dg.AssetKey([source, stream])


def _stream_asset(
    source: SourceSettings,
    stream: Stream,
    *,
    parent: str | None,
    partitions: dg.DailyPartitionsDefinition | None,
    priority: int,
    first_wait_seconds: float,
) -> dg.AssetsDefinition:
    @dg.asset(
        key=stream_key(source.name, stream.name),
        deps=[stream_key(source.name, parent)] if parent else [],
        group_name=source.name.replace("-", "_").replace(".", "_"),
        owners=[stream.owner],
        description=f"{stream.title}. {stream.description}",
        kinds={source.kind, "parquet"},
        metadata={
            "mode": str(stream.mode),
            "documentation": stream.documentation or "none",
            "personal data": ", ".join(stream.personal_data) or "none",
        },
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run() if partitions else None,
        pool=f"source_{source.name}",
        op_tags={"dagster/priority": str(priority)},
    )
    def fetch(
        context: dg.AssetExecutionContext, workspace: dg.ResourceParam[OpenWorkspace]
    ) -> dg.MaterializeResult:  # type: ignore[type-arg] # carries no value
        session = workspace.session
        reason = leave_out(session, source.name, stream.name)
        if reason is not None:
            return dg.MaterializeResult(metadata={"collected": False, "why": reason})
        try:
            give_up_if_unreachable(session, source.name, stream.name)
            reports = _read(session, source.name, stream.name, window=window_of(context))
        except ConnectorError as error:
            asked = what_to_raise(error, attempt=context.retry_number, first_wait_seconds=first_wait_seconds)
            if isinstance(asked, dg.RetryRequested):
                note_retry(session, source.name, stream.name, error, asked.seconds_to_wait or 0.0)
            else:
                remember_failure(session, source.name, stream.name, error)
            raise asked from error
        for failure in [each for report in reports for each in report.failures]:
            context.log.warning("%s was left out: %s", failure.scope, failure.error)
        return dg.MaterializeResult(metadata=_metadata(reports))

    return fetch


def _read(session: Session, source: str, stream: str, *, window: TimeWindow | None) -> list[StreamReport]:
    """Read what a repair names, or what is new; both, where a repair goes on from the cursors as well."""
    plan = session.repair
    repaired = [] if plan is None else repair_stream(session, plan, source, stream)
    if plan is not None and not plan.is_run:
        return repaired
    return [*repaired, extract_stream(session, source, stream, window=window)]


def what_to_raise(error: ConnectorError, *, attempt: int, first_wait_seconds: float) -> Exception:
    """Return another attempt for what may pass, and a final failure for what will not.

    Args:
        error: What the source said.
        attempt: How many attempts came before this one.
        first_wait_seconds: Wait before the second attempt; each later one is three times as long.
    """
    if isinstance(error, TransientSourceError) and attempt < RETRIES:
        wait = max(error.retry_after_seconds or 0.0, first_wait_seconds * 3**attempt)
        return dg.RetryRequested(max_retries=RETRIES, seconds_to_wait=wait)
    return dg.Failure(str(error), allow_retries=False)


def _metadata(reports: list[StreamReport]) -> dict[str, dg.MetadataValue]:
    counts = {
        "dagster/row_count": sum(report.records for report in reports),
        "requests": sum(report.requests for report in reports),
        "not modified": sum(report.not_modified for report in reports),
        "new pages": sum(report.pages for report in reports),
        "reused pages": sum(report.reused_pages for report in reports),
        "bytes": sum(report.bytes for report in reports),
        "closed windows": sum(report.windows_closed for report in reports),
    }
    left_out = ", ".join(failure.scope for report in reports for failure in report.failures)
    return {
        "collected": dg.MetadataValue.bool(True),
        **{name: dg.MetadataValue.int(count) for name, count in counts.items()},
        "scopes left out": dg.MetadataValue.text(left_out or "none"),
    }
