"""One asset per stream of each source: what was fetched, and what its failure means."""

import dagster as dg

from connectors.errors import ConnectorError, TransientSourceError
from connectors.reports import StreamReport
from connectors.streams import Stream
from orchestration.assets.workspace import OpenWorkspace
from orchestration.flow.extraction import extract_stream, give_up_if_unreachable, remember_failure
from orchestration.session import Session
from orchestration.settings import GitHubSource, GitSource, Settings
from orchestration.sources import enabled_streams

RETRIES = 2
FIRST_WAIT_SECONDS = 20.0


def stream_assets(
    settings: Settings, *, first_wait_seconds: float = FIRST_WAIT_SECONDS
) -> list[dg.AssetsDefinition]:
    """Return the assets of every enabled stream, in the order in which they are best fetched."""
    assets: list[dg.AssetsDefinition] = []
    for source in settings.sources:
        streams = enabled_streams(source)
        names = {stream.name for stream in streams}
        for stream in streams:
            parent = stream.parent if stream.parent in names else None
            assets.append(_stream_asset(source, stream, parent, -len(assets), first_wait_seconds))
    return assets


def stream_key(source: str, stream: str) -> dg.AssetKey:
    """Name the asset of a source's stream."""
    return dg.AssetKey([source, stream])


def _stream_asset(
    source: GitHubSource | GitSource,
    stream: Stream,
    parent: str | None,
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
        metadata={"mode": str(stream.mode), "documentation": stream.documentation or "none"},
        pool=f"source_{source.name}",
        op_tags={"dagster/priority": str(priority)},
    )
    def fetch(
        context: dg.AssetExecutionContext, workspace: dg.ResourceParam[OpenWorkspace]
    ) -> dg.MaterializeResult:  # type: ignore[type-arg] # carries no value
        session = workspace.session
        try:
            give_up_if_unreachable(session, source.name, stream.name)
            report = extract_stream(session, source.name, stream.name)
        except ConnectorError as error:
            raise _as_dagster_asks(context, session, error, first_wait_seconds) from error
        for failure in report.failures:
            context.log.warning("%s was left out: %s", failure.scope, failure.error)
        return dg.MaterializeResult(metadata=_metadata(report))

    return fetch


def _as_dagster_asks(
    context: dg.AssetExecutionContext, session: Session, error: ConnectorError, first_wait_seconds: float
) -> Exception:
    """Return what to raise: another attempt for what may pass, a final failure for what will not."""
    if isinstance(error, TransientSourceError) and context.retry_number < RETRIES:
        wait = max(error.retry_after_seconds or 0.0, first_wait_seconds * 3**context.retry_number)
        session.watcher.note(f"{error} Trying again in {wait:.0f} s")
        return dg.RetryRequested(max_retries=RETRIES, seconds_to_wait=wait)
    source, stream = context.asset_key.path
    remember_failure(session, source, stream, error)
    return dg.Failure(str(error), allow_retries=False)


def _metadata(report: StreamReport) -> dict[str, dg.MetadataValue]:
    return {
        "dagster/row_count": dg.MetadataValue.int(report.records),
        "requests": dg.MetadataValue.int(report.requests),
        "not modified": dg.MetadataValue.int(report.not_modified),
        "new pages": dg.MetadataValue.int(report.pages),
        "reused pages": dg.MetadataValue.int(report.reused_pages),
        "bytes": dg.MetadataValue.int(report.bytes),
        "closed windows": dg.MetadataValue.int(report.windows_closed),
        "scopes left out": dg.MetadataValue.text(
            ", ".join(failure.scope for failure in report.failures) or "none"
        ),
    }
