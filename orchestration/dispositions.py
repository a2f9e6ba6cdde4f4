"""Incidents of unknown cause: the queue for people, and what they decide."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import duckdb
import pyarrow as pa

from governance.dispositions import Cause, Disposition, dispositions_in_force
from governance.identity.decisions import commitment
from governance.log import GOVERNANCE_LOG
from governance.token_key import load_token_key
from lineage.ledger import Ledger
from orchestration.errors import UsageError
from orchestration.session import open_ledger, open_session
from orchestration.workspace import TOKEN_KEY, Workspace

_ROWS = pa.schema(
    [
        ("incident_id", pa.string()),
        ("disposition", pa.string()),
        ("deployment_ids", pa.list_(pa.string())),
        ("decided_at", pa.timestamp("us", tz="UTC")),
        ("leaf_index", pa.int64()),
    ]
)
_INCIDENTS = """
select
    incident_id, reference, telling_ids, service_id, severity, is_severity_configured,
    started_at::varchar as started_at, resolved_at::varchar as resolved_at, disposition,
    disposition_basis as basis, link_strength, deployment_ids
from marts.fct_incidents
where $is_all or (disposition = 'unknown' and is_severity_configured)
order by fct_incidents.started_at desc, incident_id
"""
_DEPLOYMENTS = """
select deployment_id, started_at::varchar from marts.fct_deployments
where is_production and outcome = 'success'
"""


@dataclass(frozen=True, slots=True)
class QueuedIncident:
    """An incident as the publication has it, and what was decided about it since.

    Attributes:
        incident_id: Its name.
        reference: How people call it.
        telling_ids: The incident as each tool tells of it; a decision about any of them is one about it.
        service_id: The service that it belongs to.
        severity: Its severity.
        is_severity_configured: Whether it can make a deployment a failure.
        started_at: When it began.
        resolved_at: When it ended; None while it is open.
        disposition: What was published.
        basis: What that rests on: decision, reference or none.
        link_strength: explicit, rule or none.
        deployment_ids: Linked deployments; for an unknown cause those that the rule would blame.
        decided: The decision in force, which the next run takes into the numbers.
    """

    incident_id: str
    reference: str
    telling_ids: tuple[str, ...]
    service_id: str | None
    severity: str | None
    is_severity_configured: bool
    started_at: str
    resolved_at: str | None
    disposition: str
    basis: str
    link_strength: str
    deployment_ids: tuple[str, ...]
    decided: Disposition | None = None


def disposition_rows(ledger: Ledger) -> dict[str, pa.Table]:
    """Return the decisions in force as the table `config.incident_dispositions`."""
    rows = [
        {
            "incident_id": held.incident_id,
            "disposition": held.cause,
            "deployment_ids": sorted(held.deployment_ids),
            "decided_at": held.decided_at,
            "leaf_index": index,
        }
        for index, held in dispositions_of(ledger).values()
    ]
    rows.sort(key=lambda row: str(row["incident_id"]))
    return {"incident_dispositions": pa.Table.from_pylist(rows, schema=_ROWS)}


def dispositions_of(ledger: Ledger) -> dict[str, tuple[int, Disposition]]:
    """Return the decisions in force by incident, with the indexes of their leaves."""
    return dispositions_in_force(ledger.every_leaf(GOVERNANCE_LOG))


def incident_queue(workspace: Workspace, *, is_all: bool = False) -> list[QueuedIncident]:
    """Return the incidents that wait for somebody to say what caused them, newest first.

    Args:
        workspace: Whose current publication.
        is_all: Every incident, also those of known cause and those that were decided since.

    Raises:
        UsageError: nothing was published yet.
    """
    with _published(workspace) as con:
        rows = _incidents(con, is_all=is_all)
    with open_ledger(workspace, workspace.settings()) as ledger:
        decided = dispositions_of(ledger)
    queue = [replace(row, decided=_newest(decided, row)) for row in rows]
    return queue if is_all else [incident for incident in queue if incident.decided is None]


def _newest(decided: Mapping[str, tuple[int, Disposition]], incident: QueuedIncident) -> Disposition | None:
    found = [decided[name] for name in incident.telling_ids if name in decided]
    return max(found, key=lambda held: held[0])[1] if found else None


def decide_disposition(
    workspace: Workspace,
    incident_id: str,
    cause: Cause,
    deployment_ids: Sequence[str],
    *,
    by: str,
    reason: str,
    at: datetime,
) -> int:
    """Record what caused an incident; the next run takes it into the numbers.

    Args:
        workspace: Where.
        incident_id: As the queue names it.
        cause: `caused_by`, `not_caused`, or `unknown` to take a decision back.
        deployment_ids: For `caused_by`, the deployments.
        by: Who decides; the log keeps a commitment to the name.
        reason: Why; the log keeps it as it is.
        at: When.

    Returns:
        The index of the decision's leaf.

    Raises:
        UsageError: the incident or a deployment is not known, or came after the incident.
        DispositionError: the decision does not fit together.
        WorkspaceLockedError: a run works here.
    """
    _check_known(workspace, incident_id, deployment_ids)
    with open_session(workspace, command="assay incidents", needs_sources=False) as session:
        key = load_token_key(workspace.key(TOKEN_KEY, session.settings))
        disposition = Disposition(
            incident_id=incident_id,
            cause=cause,
            deployment_ids=tuple(deployment_ids),
            reason=reason,
            decided_by=commitment(key, by),
            decided_at=at,
        )
        with session.ledger.transaction() as transaction:
            index = transaction.append(GOVERNANCE_LOG, disposition.leaf())
        session.ledger.checkpoint(GOVERNANCE_LOG, session.signer(), at=at)
    return index


def _check_known(workspace: Workspace, incident_id: str, deployment_ids: Sequence[str]) -> None:
    with _published(workspace) as con:
        begun = {
            name: incident.started_at
            for incident in _incidents(con, is_all=True)
            for name in incident.telling_ids
        }
        rolled_out = dict(con.execute(_DEPLOYMENTS).fetchall())
    if incident_id not in begun:
        raise UsageError(
            f"There is no incident {incident_id} in the publication{_nearest(incident_id, begun)}."
        )
    for deployment in deployment_ids:
        if deployment not in rolled_out:
            raise UsageError(
                f"There is no production deployment {deployment} in the publication"
                f"{_nearest(deployment, rolled_out)}."
            )
        if rolled_out[deployment] > begun[incident_id]:
            raise UsageError(
                f"{deployment} started at {rolled_out[deployment]}, after the incident began at "
                f"{begun[incident_id]}: it cannot have caused it."
            )


def _nearest(name: str, known: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else "; `assay incidents review --all` lists them"


def _published(workspace: Workspace) -> duckdb.DuckDBPyConnection:
    path = workspace.current / "analyst.duckdb"
    if not path.exists():
        raise UsageError("Nothing is published yet, so no incident is known. Begin with: assay run")
    con = duckdb.connect(str(path), read_only=True)
    con.execute("set TimeZone = 'UTC'")
    return con


def _incidents(con: duckdb.DuckDBPyConnection, *, is_all: bool) -> list[QueuedIncident]:
    found = con.execute(_INCIDENTS, {"is_all": is_all})
    names = [column[0] for column in found.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    lists = ("telling_ids", "deployment_ids")
    return [QueuedIncident(**row | {name: tuple(row[name] or ()) for name in lists}) for row in rows]
