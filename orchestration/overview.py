"""What a workspace holds, without taking it: evidence, logs, runs and the publication."""

import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from connectors.evidence import EvidenceStore, StreamTotals
from governance.due_dates import DueDate, due_lines
from orchestration.alerts.state import load_state, undelivered_lines
from orchestration.cases.reading import dispute_lines, list_disputes
from orchestration.check_brief import brief_lines, read_brief
from orchestration.collection import load_register, uncollected_lines, uncollected_streams
from orchestration.due_dates import due_dates
from orchestration.failures import standing_failure
from orchestration.lock import lock_holder
from orchestration.session import open_ledger
from orchestration.sources import utc_now
from orchestration.workspace import Workspace
from publishing import Publication, current_publication


@dataclass(frozen=True, slots=True)
class Overview:
    """What is there."""

    workspace: str
    evidence: tuple[StreamTotals, ...]
    payload_log_size: int
    governance_log_size: int
    publication: Publication | None
    holder: str | None
    last_failure: dict[str, Any] | None
    uncollected: tuple[str, ...] = ()
    open_causes: int = 0
    undelivered: tuple[str, ...] = ()
    brief: dict[str, Any] | None = None
    disputes: tuple[dict[str, Any], ...] = ()
    due: tuple[DueDate, ...] = ()

    def lines(self) -> Iterator[tuple[str, str]]:
        """Yield what does not fit a table."""
        yield "workspace", self.workspace
        yield (
            "logs",
            f"{self.payload_log_size} pages and windows, {self.governance_log_size} decisions and events",
        )
        yield (
            "publication",
            f"{self.publication.publication_id} in {self.publication.folder}"
            if (self.publication)
            else "none yet; assay run makes one",
        )
        yield "running", self.holder or "nothing"
        if self.brief:
            yield from brief_lines(self.brief)
        yield from (("not fetched", line) for line in self.uncollected)
        if self.open_causes:
            causes = "1 open cause" if self.open_causes == 1 else f"{self.open_causes} open causes"
            yield "alerts", f"{causes}; assay alert list"
        yield from (("not told", line) for line in self.undelivered)
        yield from (("disputes", line) for line in dispute_lines(self.disputes))
        yield from due_lines(self.due)
        if self.last_failure:
            first = str(self.last_failure["message"]).splitlines()[0]
            yield "last failure", f"{self.last_failure['failed_at']}: {first}"

    def to_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "workspace": self.workspace,
            "evidence": [asdict(total) for total in self.evidence],
            "payload_log_size": self.payload_log_size,
            "governance_log_size": self.governance_log_size,
            "publication": self.publication.publication_id if self.publication else None,
            "running": self.holder,
            "checks": self.brief["checks"] if self.brief else None,
            "completeness": self.brief["completeness"] if self.brief else None,
            "last_failure": self.last_failure,
            "uncollected": list(self.uncollected),
            "disputes": {
                "open": len(self.disputes),
                "overdue": [row["dispute"] for row in self.disputes if row["is_overdue"]],
            },
            "due": [one.to_document() for one in self.due],
            "alerts": {"open": self.open_causes, "undelivered": list(self.undelivered)},
        }


def overview(workspace: Workspace) -> Overview:
    """Look at a workspace; a run may go on meanwhile."""
    settings = workspace.settings()
    with open_ledger(workspace, settings) as ledger:
        store = EvidenceStore(workspace.evidence, ledger, random_bytes=secrets.token_bytes)
        has_ledger = workspace.ledger.exists()
        try:
            totals = tuple(store.totals()) if has_ledger else ()
        finally:
            store.close()
        sizes = [ledger.size(log) if has_ledger else 0 for log in ("payload", "governance")]
    holder = lock_holder(workspace.lock)
    register = load_register(workspace.governance)
    left_out = uncollected_streams(settings, register, on=utc_now().date())
    alerts = load_state(workspace.alerts)
    return Overview(
        workspace=str(workspace.root),
        evidence=totals,
        payload_log_size=sizes[0],
        governance_log_size=sizes[1],
        publication=current_publication(workspace.published),
        holder=str(holder) if holder else None,
        last_failure=standing_failure(workspace),
        uncollected=tuple(uncollected_lines(left_out)),
        open_causes=len(alerts.standing()),
        undelivered=tuple(undelivered_lines(alerts)),
        brief=read_brief(workspace),
        disputes=tuple(list_disputes(workspace, at=utc_now())) if has_ledger else (),
        due=due_dates(workspace, at=utc_now()) if has_ledger else (),
    )
