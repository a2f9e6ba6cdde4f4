"""Drift of sources: what the last checks found, and what people say about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import duckdb

from governance.identity.decisions import commitment
from governance.log import GOVERNANCE_LOG
from governance.source_drift import DriftDecision, accepted_drifts
from governance.token_key import load_token_key
from lineage.ledger import Ledger
from orchestration.errors import UsageError
from orchestration.flow.warehouse import forget_stage, open_warehouse, read_between_runs
from orchestration.session import open_ledger, open_session
from orchestration.workspace import TOKEN_KEY, Workspace

_LISTED = """
select
    drift_id, source, stream, json_path, drift_kind, drift_class, was, is_now, first_log_index, first_url,
    first_seen_at::varchar as first_seen_at, record_count, state
from quality.source_drift
where $is_all or state in ('open', 'past')
order by drift_class, first_log_index, source, stream, json_path, drift_kind, is_now
"""


@dataclass(frozen=True, slots=True)
class ListedDrift:
    """A drift as the last checks found it, and whether it was accepted since.

    Attributes:
        drift_id: Its name.
        source: The source's name.
        stream: The stream.
        json_path: Where in a record, or `@page`.
        drift_kind: Which rule found it.
        drift_class: harmless, suspicious or breaking.
        was: What was expected, or seen before.
        is_now: What came.
        first_log_index: The first page that shows it.
        first_url: That page's address.
        first_seen_at: When that page was fetched.
        record_count: How many records show it.
        state: open; past, where values were lost and the newest pages are sound again; accepted; over; noted,
            where it is harmless.
        accepted_at: When it was accepted.
        reason: Why.
    """

    drift_id: str
    source: str
    stream: str
    json_path: str
    drift_kind: str
    drift_class: str
    was: str
    is_now: str
    first_log_index: int
    first_url: str
    first_seen_at: str
    record_count: int
    state: str
    accepted_at: datetime | None = None
    reason: str | None = None


def accepted_in(ledger: Ledger) -> dict[str, tuple[int, DriftDecision]]:
    """Return the acceptances in force by drift, with the indexes of their leaves."""
    return accepted_drifts(ledger.every_leaf(GOVERNANCE_LOG))


def listed_drifts(workspace: Workspace, *, is_all: bool = False) -> list[ListedDrift]:
    """Return the drift that waits for somebody, the worst first.

    Args:
        workspace: Whose warehouse.
        is_all: Harmless, accepted and past drift too.

    Raises:
        UsageError: nothing was checked yet.
    """
    drifts = _found(workspace, is_all=is_all)
    with open_ledger(workspace, workspace.settings()) as ledger:
        decided = accepted_in(ledger)
    told = [_told(drift, decided) for drift in drifts]
    return told if is_all else [drift for drift in told if drift.state in ("open", "past")]


def decide_drift(
    workspace: Workspace, drift_id: str, *, is_accepted: bool = True, by: str, reason: str, at: datetime
) -> int:
    """Record that a drift is known and fine, or no longer; the next run's checks go by it.

    Args:
        workspace: Where.
        drift_id: As the list names it.
        is_accepted: False takes an acceptance back.
        by: Who decides; the log keeps a commitment to the name.
        reason: Why; the log keeps it as it is.
        at: When.

    Returns:
        The index of the decision's leaf.

    Raises:
        UsageError: there is no such drift, or it costs values now and cannot be accepted away.
        DriftDecisionError: the reason is missing.
        WorkspaceLockedError: a run works here.
    """
    drift = next((each for each in _found(workspace, is_all=True) if each.drift_id == drift_id), None)
    if drift is None:
        raise UsageError(f"There is no drift {drift_id}; `assay drift list --all` lists them")
    if is_accepted:
        _check_acceptable(drift)
    with open_session(workspace, command="assay drift", needs_sources=False) as session:
        key = load_token_key(workspace.key(TOKEN_KEY, session.settings))
        decision = DriftDecision(
            drift_id=drift_id,
            is_accepted=is_accepted,
            reason=reason,
            decided_by=commitment(key, by),
            decided_at=at,
        )
        with session.ledger.transaction() as transaction:
            index = transaction.append(GOVERNANCE_LOG, decision.leaf())
        session.ledger.checkpoint(GOVERNANCE_LOG, session.signer(), at=at)
        with open_warehouse(workspace.warehouse) as con:
            forget_stage(con, "checks")
            forget_stage(con, "publication")  # it shows what the checks say
    return index


def _check_acceptable(drift: ListedDrift) -> None:
    if drift.drift_class == "harmless":
        raise UsageError(f"{drift.drift_id} is harmless and asks nobody for anything.")
    if _costs_values(drift):
        raise UsageError(
            f"{drift.drift_id} cannot be accepted while values are lost: {drift.json_path} of "
            f"{drift.source} was {drift.was} and is {drift.is_now}. Let the stream's declaration follow the "
            "source, then run again."
        )


def _costs_values(drift: ListedDrift) -> bool:
    return drift.drift_class == "breaking" and drift.state == "open"


def _told(drift: ListedDrift, decided: Mapping[str, tuple[int, DriftDecision]]) -> ListedDrift:
    held = decided.get(drift.drift_id)
    if held is None or drift.drift_class == "harmless" or _costs_values(drift):
        return drift
    return replace(drift, state="accepted", accepted_at=held[1].decided_at, reason=held[1].reason)


def _found(workspace: Workspace, *, is_all: bool) -> Sequence[ListedDrift]:
    if not workspace.warehouse.exists():
        raise UsageError("Nothing was checked yet, so no drift is known. Begin with: assay run")
    with read_between_runs(workspace, command="assay drift") as con:
        try:
            rows = con.execute(_LISTED, {"is_all": is_all}).fetchall()
        except duckdb.CatalogException as error:
            raise UsageError("The last run checked no drift yet. Check with: assay run") from error
    return [ListedDrift(*row) for row in rows]
