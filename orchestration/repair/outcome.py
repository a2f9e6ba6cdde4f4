"""What is red before a repair, and what became of it afterwards."""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import duckdb

from connectors.evidence import EvidenceStore
from orchestration.errors import AssayError, FindingsError, UsageError, WorkspaceLockedError
from orchestration.flow.warehouse import read_between_runs
from orchestration.lock import lock_holder
from orchestration.repair.repairing import RepairPlan, steps_of
from orchestration.session import open_ledger
from orchestration.workspace import Workspace
from quality_checks.results import CheckResult
from quality_checks.stored_results import read_results

Found = TypeVar("Found")


def last_results(workspace: Workspace) -> list[CheckResult]:
    """Read what the last checks said.

    Raises:
        UsageError: Nothing was checked here yet.
        WorkspaceLockedError: A run is at work, which will check again.
    """
    holder = lock_holder(workspace.lock)
    if holder is not None:
        raise WorkspaceLockedError(
            f"{workspace.root} is in use by {holder}, which ends with checks of its own: wait until it "
            "has ended"
        )
    if not workspace.warehouse.exists():
        raise UsageError("Nothing was checked here yet. Run assay run first")
    with read_between_runs(workspace, command="assay repair") as con:
        try:
            return read_results(con)
        except duckdb.CatalogException:
            raise UsageError("The last run did not come to its checks. Run assay run first") from None


def with_evidence(workspace: Workspace, ask: Callable[[EvidenceStore], Found]) -> Found:
    """Ask something of the evidence, without taking the workspace."""
    settings = workspace.settings()
    with open_ledger(workspace, settings) as ledger:
        store = EvidenceStore(workspace.evidence, ledger, random_bytes=secrets.token_bytes)
        try:
            return ask(store)
        finally:
            store.close()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the checks that a repair was about.

    Attributes:
        green: Those that pass now.
        red: Those that do not, as they stand now.
        unknown: Those that were not run again, for the repair did not come so far.
    """

    green: tuple[str, ...]
    red: tuple[CheckResult, ...]
    unknown: tuple[str, ...]

    def lines(self) -> Iterable[str]:
        """Yield a line for each check."""
        yield from (f"green again: {name}" for name in self.green)
        yield from (f"still red: {_name(check)}: {check.message}" for check in self.red)
        yield from (f"not checked again: {name}" for name in self.unknown)

    def error(self, plan: RepairPlan) -> AssayError | None:
        """Return why the repair is not complete, if it is not."""
        if not self.red:
            return None
        listed = "\n".join(f"  {_name(check)}: {check.message}" for check in self.red)
        why = (
            "What was fetched again says the same: the source itself may lack it"
            if plan.steps
            else "See docs/runbooks/red-check.md"
        )
        return FindingsError(f"{len(self.red)} checks are still red:\n{listed}\n{why}")


def outcome_of(before: Iterable[CheckResult], after: Iterable[CheckResult]) -> Outcome:
    """Compare the checks that were red with what they say now; one that is gone has nothing left to find."""
    now = {(check.name, check.subject): check for check in after}
    if not now:
        return Outcome((), (), tuple(_name(check) for check in before))
    red = [now[key] for check in before if (key := (check.name, check.subject)) in now]
    still = [check for check in red if not check.is_passed]
    names = {_name(check) for check in still}
    return Outcome(tuple(_name(check) for check in before if _name(check) not in names), tuple(still), ())


def about(plan: RepairPlan, results: Iterable[CheckResult]) -> list[CheckResult]:
    """Return the red checks that name something which the plan reads again."""
    wanted = set(plan.steps)
    return [result for result in results if not result.is_passed and wanted & set(steps_of(result.repairs))]


def _name(check: CheckResult) -> str:
    return f"{check.name} ({check.subject})"
