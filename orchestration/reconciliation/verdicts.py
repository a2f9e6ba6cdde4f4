"""Asking now, by hand: what the sources said, and what the checks make of it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestration.errors import UsageError
from orchestration.flow.checking import check_again
from orchestration.flow.warehouse import open_warehouse, stage_mark
from orchestration.reconciliation.asking import Answers, Extent, ask_sources
from orchestration.session import Session, open_session
from orchestration.tracks import compile_models
from orchestration.workspace import Workspace
from quality_checks.results import CheckResult


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What the sources said and what the checks say of it."""

    answers: Answers
    results: list[CheckResult]

    def sample_counts(self) -> dict[tuple[str, str], dict[str, int]]:
        """Count the verdicts on the records of each stream of each source."""
        found: dict[tuple[str, str], Counter[str]] = {}
        for row in self.answers.samples:
            found.setdefault((row["source"], row["stream"]), Counter())[row["verdict"]] += 1
        return {place: dict(sorted(counts.items())) for place, counts in found.items()}

    def to_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "samples": self.answers.samples,
            "totals": self.answers.totals,
            "checks": {
                "passed": sum(result.is_passed for result in self.results),
                "failed": [result.as_row() for result in self.results if not result.is_passed],
            },
        }


def reconcile_now(
    workspace: Workspace,
    *,
    samples: int | None = None,
    totals: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> Verdicts:
    """Ask the sources about what the warehouse holds, then run every check over it as it stands.

    Args:
        workspace: Whose warehouse.
        samples: Records of each stream; None for as many as the settings say.
        totals: Scopes of each stream; None for as many as the settings say.
        environment: Where credentials are; the process's own by default.

    Raises:
        UsageError: There is no finished build to compare with.
    """
    with open_session(workspace, command="assay reconcile", environment=environment) as session:
        _check_is_built(session)
        wanted = session.settings.reconciliation
        extent = Extent(
            samples=wanted.sample_size if samples is None else samples,
            totals=wanted.total_scopes if totals is None else totals,
        )
        log_size = session.ledger.size("payload")
        answers = ask_sources(session, extent, log_size=log_size)
        compile_models(workspace)
        with open_warehouse(workspace.warehouse) as con:
            results = check_again(session, con)
        return Verdicts(answers, results)


def _check_is_built(session: Session) -> None:
    if session.workspace.warehouse.exists():
        with open_warehouse(session.workspace.warehouse) as con:
            if stage_mark(con, "models") is not None:
                return
    raise UsageError("There is no finished build to compare the sources with. Make one with: assay run")
