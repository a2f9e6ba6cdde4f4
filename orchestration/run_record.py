"""What happens during a run, told to whoever watches and kept for the summary at its end."""

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from connectors.reports import Progress, StreamReport
from orchestration.collection import Uncollected
from orchestration.dbt_runner import NodeOutcome

if TYPE_CHECKING:
    from quality_checks.results import CheckResult


class Watcher(Protocol):
    """Whoever shows a run while it goes on: the terminal's bars, Dagster's log, nobody."""

    def stage(self, title: str) -> None:
        """A stage of the run begins."""

    def extracting(self, progress: Progress) -> None:
        """A stream has come so far."""

    def extracted(self, report: StreamReport) -> None:
        """A stream has ended."""

    def building(self, outcome: NodeOutcome, *, done: int, total: int) -> None:
        """A model or test has ended."""

    def note(self, text: str) -> None:
        """Something worth a line."""


class NobodyWatches:
    """The default: a run without an audience."""

    def stage(self, title: str) -> None:
        """Say nothing."""

    def extracting(self, progress: Progress) -> None:
        """Say nothing."""

    def extracted(self, report: StreamReport) -> None:
        """Say nothing."""

    def building(self, outcome: NodeOutcome, *, done: int, total: int) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""


@dataclass(frozen=True, slots=True)
class StreamFailure:
    """A stream that could not be read to its end."""

    source: str
    stream: str
    message: str
    is_transient: bool
    is_tried: bool = True


@dataclass(slots=True)
class RunRecord:
    """Everything that one run did."""

    run_id: str
    reports: list[StreamReport] = field(default_factory=list)
    failures: list[StreamFailure] = field(default_factory=list)
    uncollected: list[Uncollected] = field(default_factory=list)
    build_reasons: tuple[str, ...] = ()
    models_built: int = 0
    models_kept: int = 0
    outcomes: list[NodeOutcome] = field(default_factory=list)
    checks: "list[CheckResult]" = field(default_factory=list)
    failed_steps: tuple[str, ...] = ()
    publication: str | None = None
    is_published_anew: bool = False
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def scope_failures(self) -> list[StreamFailure]:
        """Repositories and the like that were left out while the rest of the stream went on."""
        return [
            StreamFailure(
                report.source, report.stream, f"{failure.scope}: {failure.error}", failure.is_transient
            )
            for report in self.reports
            for failure in report.failures
        ]

    @property
    def failed_nodes(self) -> list[NodeOutcome]:
        """Models and tests that went wrong."""
        return [outcome for outcome in self.outcomes if outcome.is_bad]

    @property
    def blocking_checks(self) -> "list[CheckResult]":
        """Checks that keep the publication back."""
        return [check for check in self.checks if check.is_blocking]

    def to_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "run_id": self.run_id,
            "streams": [asdict(report) | {"failures": len(report.failures)} for report in self.reports],
            "failures": [asdict(failure) for failure in (*self.failures, *self.scope_failures)],
            "uncollected": [asdict(each) for each in self.uncollected],
            "build": {
                "reasons": list(self.build_reasons),
                "models_built": self.models_built,
                "models_kept": self.models_kept,
                "failed": [asdict(outcome) for outcome in self.failed_nodes],
            },
            "checks": {
                "passed": sum(check.is_passed for check in self.checks),
                "failed": [check.as_row() for check in self.checks if not check.is_passed],
            },
            "publication": self.publication,
            "is_published_anew": self.is_published_anew,
            "seconds": self.seconds,
        }
