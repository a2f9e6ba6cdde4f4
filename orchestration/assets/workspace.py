"""The resource that every asset shares: the workspace, open and locked for the length of one run."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import dagster as dg
import duckdb

from connectors.reports import Progress, StreamReport
from orchestration.alerts.run_end import announce_end
from orchestration.dbt_runner import NodeOutcome
from orchestration.errors import AssayError, BuildFailedError, SourceFailedError
from orchestration.event_history import quick_history
from orchestration.failures import note_success
from orchestration.flow.planning import Plan, make_plan
from orchestration.flow.warehouse import open_warehouse
from orchestration.session import Session, open_session
from orchestration.sources import utc_now
from orchestration.workspace import Workspace
from quality_checks.stored_results import read_results


class LogWatcher:
    """Writes what happens into the log of Dagster's run."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log

    def stage(self, title: str) -> None:
        """Log the stage."""
        self._log(title)

    def extracting(self, progress: Progress) -> None:
        """Leave the many small steps out of the log."""

    def extracted(self, report: StreamReport) -> None:
        """Log what the stream brought."""
        self._log(
            f"{report.source}.{report.stream}: {report.records} records in {report.pages} new pages, "
            f"{report.requests} requests, {report.not_modified} not modified, {report.seconds:.1f} s"
        )

    def building(self, outcome: NodeOutcome, *, done: int, total: int) -> None:
        """Log what became of a model or test."""
        self._log(f"{done}/{total} {outcome.kind} {outcome.name}: {outcome.status}, {outcome.seconds:.1f} s")

    def note(self, text: str) -> None:
        """Log a line."""
        self._log(text)


class OpenWorkspace:
    """Holds the session of a run and its plan: one lock, one ledger, one set of sources for all steps."""

    def __init__(self, session: Session, *, is_full_refresh: bool = False) -> None:
        self.session = session
        self._is_full_refresh = is_full_refresh
        self._plan: Plan | None = None

    def plan(self) -> Plan:
        """What is to be built; the evidence is pinned when it is first asked for."""
        if self._plan is None:
            with open_warehouse(self.session.workspace.warehouse) as con:
                self._plan = make_plan(self.session, con, is_full_refresh=self._is_full_refresh)
                self._tell(con, self._plan)
        return self._plan

    def _tell(self, con: duckdb.DuckDBPyConnection, plan: Plan) -> None:
        """Put into the run's record what the plan alone decides."""
        record = self.session.record
        record.build_reasons = plan.reasons
        record.models_kept = len(plan.graph.models) - len(plan.models)
        if plan.is_settled:
            record.checks = read_results(con)
            record.publication = self.session.workspace.current.resolve().name


def workspace_resource(workspace: Workspace, opened: OpenWorkspace | None = None) -> dg.ResourceDefinition:
    """Return the resource `workspace`.

    Args:
        workspace: What a run of Dagster opens and locks for its length.
        opened: The workspace as the process that starts the run has opened it already.
    """
    if opened is not None:
        return dg.ResourceDefinition.hardcoded_resource(opened)

    @dg.resource(description=f"The workspace {workspace.root}, open and locked for the length of a run.")
    def open_for_run(context: dg.InitResourceContext) -> Iterator[OpenWorkspace]:
        from orchestration.openlineage.emission import begin_events  # noqa: PLC0415 - the standard's client

        watcher = LogWatcher(context.log.info) if context.log else None
        run_id = context.run.run_id if context.run else None
        with ExitStack() as stack:
            if context.instance is not None:
                stack.enter_context(quick_history(context.instance))
            session = stack.enter_context(
                open_session(workspace, command="a run of Dagster", run_id=run_id, watcher=watcher)
            )
            session.events = begin_events(session)
            try:
                yield OpenWorkspace(session)
            finally:
                session.record.failed_steps = _failed_steps(context)
                session.events.end(session, _failure(session))
                if session.record.publication and not session.record.failed_steps:
                    ended_at = utc_now().isoformat(timespec="seconds")
                    note_success(workspace, run_id=session.run_id, ended_at=ended_at)
                announce_end(session, is_failed=bool(session.record.failed_steps))

    return open_for_run


def _failure(session: Session) -> AssayError | None:
    """Return the kind of a run's failure, as `assay run` would name it; None where no step failed."""
    if not session.record.failed_steps:
        return None
    steps = ", ".join(session.record.failed_steps)
    return SourceFailedError(steps) if session.record.failures else BuildFailedError(steps)


def _failed_steps(context: dg.InitResourceContext) -> tuple[str, ...]:
    """Return the steps of a run that have failed so far; a resource is let go of after the last step."""
    if context.instance is None or context.run is None:
        return ()
    entries = context.instance.all_logs(context.run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    return tuple(entry.step_key or "" for entry in entries)
