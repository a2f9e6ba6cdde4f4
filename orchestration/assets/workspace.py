"""The resource that every asset shares: the workspace, open and locked for the length of one run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from pydantic import PrivateAttr

from connectors.reports import Progress, StreamReport
from orchestration.dbt_runner import NodeOutcome
from orchestration.flow.planning import Plan, make_plan
from orchestration.flow.warehouse import open_warehouse
from orchestration.session import Session, open_session
from orchestration.workspace import Workspace


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


class OpenWorkspace(dg.ConfigurableResource):  # type: ignore[type-arg] # its parameter is of no use here
    """Holds the session of a run: one lock, one ledger, one set of sources for all steps of the process."""

    root: str
    _session: Session | None = PrivateAttr(default=None)
    _plan: Plan | None = PrivateAttr(default=None)
    _is_full_refresh: bool = PrivateAttr(default=False)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["OpenWorkspace"]:
        """Take the workspace, unless the process that starts the run has taken it already."""
        if self._session is not None:
            yield self
            return
        watcher = LogWatcher(context.log.info) if context.log else None
        run_id = context.run.run_id if context.run else None
        with open_session(
            Workspace(Path(self.root)), command="a run of Dagster", run_id=run_id, watcher=watcher
        ) as session:
            self._session = session
            try:
                yield self
            finally:
                self._session = self._plan = None

    def hold(self, session: Session, *, is_full_refresh: bool = False) -> "OpenWorkspace":
        """Use a session that is open already."""
        self._session = session
        self._is_full_refresh = is_full_refresh
        return self

    @property
    def session(self) -> Session:
        """The open session."""
        if self._session is None:
            raise RuntimeError("the workspace is open only while a run goes on")
        return self._session

    def plan(self) -> Plan:
        """What is to be built; the evidence is pinned when it is first asked for."""
        if self._plan is None:
            with open_warehouse(self.session.workspace.warehouse) as con:
                self._plan = make_plan(self.session, con, is_full_refresh=self._is_full_refresh)
            self.session.record.build_reasons = self._plan.reasons
        return self._plan
