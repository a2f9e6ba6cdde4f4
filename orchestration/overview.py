"""What a workspace holds, without taking it: evidence, logs, runs and the publication."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from connectors.evidence import EvidenceStore, StreamTotals
from orchestration.collection import load_register, uncollected_lines, uncollected_streams
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
        yield from (("not fetched", line) for line in self.uncollected)
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
            "last_failure": self.last_failure,
            "uncollected": list(self.uncollected),
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
    return Overview(
        workspace=str(workspace.root),
        evidence=totals,
        payload_log_size=sizes[0],
        governance_log_size=sizes[1],
        publication=current_publication(workspace.published),
        holder=str(holder) if holder else None,
        last_failure=_last_failure(workspace),
        uncollected=tuple(uncollected_lines(left_out)),
    )


def _last_failure(workspace: Workspace) -> dict[str, Any] | None:
    if not workspace.failures.exists():
        return None
    lines = workspace.failures.read_text(encoding="utf-8").splitlines()
    last: dict[str, Any] | None = json.loads(lines[-1]) if lines else None
    return last
