"""Running the whole job in this process: the same graph that the UI shows, with an audience and a record."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestration.alerts.run_end import announce_end
from orchestration.backfill import Backfill
from orchestration.collection import uncollected_lines
from orchestration.errors import (
    AssayError,
    BuildFailedError,
    FindingsError,
    NotCollectedError,
    SourceFailedError,
)
from orchestration.failures import RunFailure, note_success, report_failure
from orchestration.openlineage.emission import begin_events
from orchestration.repair.repairing import RepairPlan
from orchestration.run_record import RunRecord, StreamFailure, Watcher
from orchestration.session import Session, open_session
from orchestration.sources import enabled_streams, utc_now
from orchestration.workspace import Workspace

if TYPE_CHECKING:
    from dagster import Definitions, ExecuteInProcessResult

DAGSTER_SETTINGS = """# written by assay; one workspace, one instance
telemetry:
  enabled: false
"""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run goes about its work.

    Attributes:
        is_full_refresh: Build every model from the beginning.
        backfill: What to fetch again; None fetches what is new.
        repair: What alone to read; None fetches what is new.
        first_wait_seconds: Wait before the second attempt at a stream that failed for now.
    """

    is_full_refresh: bool = False
    backfill: Backfill | None = None
    repair: RepairPlan | None = None
    first_wait_seconds: float = 20.0


def run_workspace(
    workspace: Workspace,
    *,
    watcher: Watcher,
    environment: Mapping[str, str] | None = None,
    options: RunOptions | None = None,
) -> tuple[RunRecord, AssayError | None]:
    """Fetch, build, check and publish.

    Returns:
        What was done, and why it is not complete, if it is not.

    Raises:
        SettingsError: the settings are wrong; nothing was started.
        WorkspaceLockedError: another run works here; nothing was started.
    """
    options = options or RunOptions()
    command = _command(options)
    with open_session(workspace, command=command, environment=environment, watcher=watcher) as session:
        session.repair = options.repair
        session.events = begin_events(session)
        try:
            error = _execute(session, options)
        except BaseException as unexpected:
            session.events.end(session, unexpected)
            if not isinstance(unexpected, Exception):
                raise
            _report(session, unexpected)
            announce_end(session, is_failed=True)
            raise
        is_failed = error is not None and not isinstance(error, NotCollectedError)
        session.events.end(session, error if is_failed else None)
        if error is not None and is_failed:
            _report(session, error)
        if not is_failed:
            note_success(workspace, run_id=session.run_id, ended_at=utc_now().isoformat(timespec="seconds"))
        announce_end(session, is_failed=is_failed)
        return session.record, error


def _command(options: RunOptions) -> str:
    if options.repair is not None:
        return "assay repair"
    return "assay backfill" if options.backfill else "assay run"


def prepare_instance(workspace: Workspace) -> None:
    """Write the settings of Dagster's instance, telemetry off, where they are not."""
    workspace.dagster.mkdir(parents=True, exist_ok=True)
    file = workspace.dagster / "dagster.yaml"
    if not file.exists():
        file.write_text(DAGSTER_SETTINGS, encoding="utf-8")


def _execute(session: Session, options: RunOptions) -> AssayError | None:
    session.enter("load the definitions")
    import dagster as dg  # noqa: PLC0415 - seconds of imports, after the settings are known to be right

    from orchestration.assets.automation import COMMAND, JOB, STARTED_BY  # noqa: PLC0415
    from orchestration.assets.workspace import OpenWorkspace  # noqa: PLC0415
    from orchestration.definitions import workspace_definitions  # noqa: PLC0415
    from orchestration.event_history import quick_history  # noqa: PLC0415

    prepare_instance(session.workspace)
    opened = OpenWorkspace(session, is_full_refresh=options.is_full_refresh)
    definitions = workspace_definitions(
        session.workspace, opened=opened, first_wait_seconds=options.first_wait_seconds
    )
    home = session.workspace.dagster
    with dg.DagsterInstance.from_config(str(home)) as instance, quick_history(instance):
        result = definitions.resolve_job_def(JOB).execute_in_process(
            instance=instance,
            raise_on_error=False,
            run_id=session.run_id,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            **_scope(definitions, session, options, tags={STARTED_BY: COMMAND}),
        )
    session.leave()
    session.record.failed_steps = tuple(
        event.step_key or "" for event in result.all_events if event.is_step_failure
    )
    if _is_interrupted(result):
        raise KeyboardInterrupt
    return reason_of(session.record, result)


def reason_of(record: RunRecord, result: "ExecuteInProcessResult") -> AssayError | None:
    """Return the error that says best why a run is not complete, or None where it is.

    Args:
        record: What the run did.
        result: What Dagster says of it.
    """
    if result.success and not record.scope_failures:
        return _uncollected_reason(record)
    return _failure_reason(record, result)


def _scope(
    definitions: "Definitions", session: Session, options: RunOptions, *, tags: dict[str, str]
) -> dict[str, Any]:
    """Return what a run covers: everything, or some streams and all that is built of streams."""
    backfill, repair = options.backfill, options.repair
    if backfill is None and (repair is None or repair.is_run):
        return {"tags": tags}
    from orchestration.assets.streams import stream_key  # noqa: PLC0415 - loaded by now

    every_stream = {
        stream_key(source.name, stream.name)
        for source in session.settings.sources
        for stream in enabled_streams(source)
    }
    wanted = {stream_key(*each) for each in repair.streams} if repair is not None else set()
    if backfill is not None:
        tags = tags | backfill.range_tags()
        wanted |= {stream_key(backfill.source, each) for each in (*backfill.streams, *backfill.followers)}
    assets = definitions.resolve_asset_graph().executable_asset_keys
    return {
        "asset_selection": sorted((assets - every_stream) | wanted),
        "tags": tags,
    }


def _uncollected_reason(record: RunRecord) -> AssayError | None:
    if not record.uncollected:
        return None
    lines = "\n".join(f"  {line}" for line in uncollected_lines(record.uncollected))
    return NotCollectedError(f"everything else is done, but not everything was fetched:\n{lines}")


def _failure_reason(record: RunRecord, result: "ExecuteInProcessResult") -> AssayError:
    if record.failures:
        return SourceFailedError(
            "Not every stream could be read. What had arrived is kept, and the publication stays as it was; "
            "run again when this is mended:\n" + "\n".join(_failure_lines(record.failures))
        )
    return _build_reason(record, result) or SourceFailedError(
        "built and published without the newest of:\n"
        + "\n".join(
            f"  {failure.source}.{failure.stream}: {failure.message}" for failure in record.scope_failures
        )
    )


def _failure_lines(failures: list[StreamFailure]) -> Iterator[str]:
    """Yield the reasons, and how many streams were not even tried because of them."""
    yield from (f"  {failure.message}" for failure in failures if failure.is_tried)
    spared = Counter(failure.source for failure in failures if not failure.is_tried)
    yield from (f"  {source}: not tried after that: {count}" for source, count in spared.items())


def _build_reason(record: RunRecord, result: "ExecuteInProcessResult") -> AssayError | None:
    from orchestration.flow.building import failure_of  # noqa: PLC0415 - loaded by now

    failure = failure_of(record.outcomes)
    if failure is not None:
        return failure
    if record.blocking_checks:
        listed = "\n".join(
            f"  {check.name} ({check.subject}): {check.message}" for check in record.blocking_checks
        )
        return FindingsError(f"{len(record.blocking_checks)} checks keep the publication back:\n{listed}")
    if result.success:
        return None
    return BuildFailedError(_first_failure(result))


def _is_interrupted(result: "ExecuteInProcessResult") -> bool:
    """Whether a signal ended the run: Dagster reports it as the failure of the step that it met."""
    return any(
        event.step_failure_data.error is not None
        and event.step_failure_data.error.cls_name == "DagsterExecutionInterruptedError"
        for event in result.all_events
        if event.is_step_failure
    )


def _first_failure(result: "ExecuteInProcessResult") -> str:
    for event in result.all_events:
        if event.is_step_failure:
            cause = event.step_failure_data.error
            while cause is not None and cause.cause is not None:
                cause = cause.cause
            return (
                f"the step {event.step_key} failed: {cause.message.strip() if cause else 'no reason given'}"
            )
    return "the run failed before its first step"


def _report(session: Session, error: Exception) -> None:
    failure = RunFailure(
        run_id=session.run_id,
        workspace=str(session.workspace.root),
        failed_at=utc_now().isoformat(timespec="seconds"),
        message=str(error),
        steps=tuple(f"{item.source}.{item.stream}" for item in session.record.failures),
    )
    environment = session.environment or os.environ
    for problem in report_failure(session.workspace, session.settings, failure, environment=environment):
        session.watcher.note(problem)
