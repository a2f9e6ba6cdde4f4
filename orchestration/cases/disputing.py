"""Disputes in a workspace: opening them about a number that is published, handling and purging them."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from governance.cases import disputes as steps
from governance.cases.cells import NOT_NORMALISED, PERSON, Cell
from governance.cases.correcting import file_parts
from governance.cases.events import Recorded
from governance.errors import DisputeError
from lineage.trace import Period, parse_period, parse_scope
from lineage.trace.own import own_metrics, own_periods
from orchestration.cases.desks import Casework, open_casework, open_published, read_files
from orchestration.cases.people import (
    OWNERS,
    Asker,
    complainant_of,
    handler_of,
    person_token_of,
    surroundings_of,
)
from orchestration.errors import UsageError
from orchestration.flow.warehouse import open_warehouse
from orchestration.redacting import PersonKey
from orchestration.workspace import Workspace
from publishing import current_publication

OWN = f"{PERSON}:me"
_CELL_IS_THERE = """
select 1 from marts.mart_metric_values
where metric = $metric and scope_kind = $scope_kind and scope_id = $scope_id
    and period_grain = $period_grain and period_start = $period_start
"""
_RATE_IS_THERE = """
select 1 from marts.mart_team_scorecard
where metric = $metric and 'team' = $scope_kind and team_id = $scope_id
    and period_grain = $period_grain and period_start = $period_start and normalisation = $normalisation
"""


@dataclass(frozen=True, slots=True)
class CellAddress:
    """A number as a person names it; see `assay trace`. The scope `person:me` is one's own."""

    metric: str
    scope: str
    period: str
    normalisation: str = NOT_NORMALISED


@dataclass(frozen=True, slots=True)
class Opened:
    """A new dispute, and the receipt that its complainant must keep."""

    case_id: str
    leaf_index: int
    receipt: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Decided:
    """What a handler does: the event, its reason, and what goes with it."""

    event: str
    reason_code: str
    text: str = ""
    files: tuple[Path, ...] = ()
    correction: str | None = None


def open_dispute(
    workspace: Workspace,
    address: CellAddress,
    asker: Asker,
    *,
    text: str,
    reason_code: str,
    at: datetime,
    follows: str | None = None,
) -> Opened:
    """Open a dispute about a published number, or about one's own.

    Raises:
        UsageError: there is no such number.
        DisputeError: the vault knows nobody by this account, or the dispute does not fit together.
        WorkspaceLockedError: a run works here.
    """
    with open_casework(workspace, command="assay dispute", at=at) as casework:
        complainant = complainant_of(casework, asker)
        complainant = replace(complainant, receipt=secrets.token_hex(8))
        cell = _cell(workspace, address, own_token=person_token_of(casework, asker))
        publication = current_publication(workspace.published)
        recorded = casework.disputes.open(
            cell,
            complainant,
            text=text,
            reason_code=reason_code,
            at=at,
            facts={"publication": publication.publication_id if publication else None},
            follows=follows,
        )
        dispute = casework.disputes.find(recorded.event.case_id)
        due = dispute.due_at(casework.disputes.rules.deadlines)
        return Opened(dispute.case_id, recorded.index, str(complainant.receipt), due)


def step_of_complainant(
    workspace: Workspace, case_id: str, event: str, asker: Asker, *, reason_code: str, at: datetime
) -> Recorded:
    """Let whoever opened a dispute withdraw or escalate it.

    Raises:
        DisputeError: the person is another one, or the step is not allowed.
        WorkspaceLockedError: a run works here.
    """
    with open_casework(workspace, command="assay dispute", at=at) as casework:
        complainant = complainant_of(casework, asker)
        return casework.disputes.of_complainant(case_id, event, complainant, reason_code=reason_code, at=at)


def step_of_handler(
    workspace: Workspace, case_id: str, decided: Decided, key: PersonKey, *, at: datetime
) -> Recorded:
    """Let a reviewer, or the escalation role, triage, send evidence, decide or escalate.

    Raises:
        DisputeError: the step is not allowed, the person is not independent, or a correction is missing.
        WorkspaceLockedError: a run works here.
    """
    with open_casework(workspace, command="assay dispute", at=at) as casework:
        desk = casework.disputes
        dispute = desk.find(case_id)
        text = {"text": decided.text.encode()} if decided.text.strip() else {}
        return desk.handle(
            case_id,
            decided.event,
            handler_of(casework, key),
            surroundings_of(casework, dispute),
            reason_code=decided.reason_code,
            at=at,
            facts=_correction_facts(casework, decided),
            contents={**text, **file_parts(read_files(decided.files))},
        )


def purge_dispute(
    workspace: Workspace, case_id: str, key: PersonKey, *, reason_code: str, at: datetime
) -> Recorded | None:
    """Destroy the private content of a closed dispute.

    Raises:
        DisputeError: the dispute is open, or the person lacks the role.
        WorkspaceLockedError: a run works here.
    """
    with open_casework(workspace, command="assay dispute", at=at) as casework:
        return casework.disputes.purge(case_id, handler_of(casework, key), reason_code=reason_code, at=at)


def _cell(workspace: Workspace, address: CellAddress, *, own_token: str) -> Cell:
    """Return the cell that a person names.

    Raises:
        UsageError: it is not published.
    """
    period = parse_period(address.period)
    is_own = address.scope == OWN
    kind, scope_id = (PERSON, own_token) if is_own else parse_scope(address.scope)
    cell = Cell(address.metric, kind, scope_id, period.grain, period.start, address.normalisation)
    given = cell.to_document()
    with open_published(workspace) as con:
        if not con.execute(OWNERS, {"metric": cell.metric}).fetchone():
            raise UsageError(
                f"There is no metric {cell.metric} in the publication; docs/metrics.md lists all."
            )
        query = _RATE_IS_THERE if cell.normalisation else _CELL_IS_THERE
        values = {name: given[name] for name in given if f"${name}" in query}
        if is_own:
            _check_own(workspace, cell, period)
        elif not con.execute(query, values).fetchone():
            raise UsageError(
                f"The publication has no {cell}. Name it as in: assay trace METRIC --scope --period"
            )
    return cell


def _check_own(workspace: Workspace, cell: Cell, period: Period) -> None:
    """Refuse an own number that nobody has; where nothing is built, nobody can tell.

    Raises:
        UsageError: the metric is never a person's number, or the period is not covered.
    """
    if not workspace.warehouse.exists():
        return
    with open_warehouse(workspace.warehouse, is_read_only=True) as con:
        metrics, periods = own_metrics(con), own_periods(con, period.grain)
    if cell.normalisation or cell.metric not in metrics:
        raise UsageError(
            f"{cell.metric} is never a person's number. A person's own are {', '.join(metrics)}."
        )
    if period not in periods:
        covered = f"{periods[0]} to {periods[-1]}" if periods else "no such period"
        raise UsageError(f"{period} is not covered; {covered} is. See: assay own ACCOUNT --as ACCOUNT")


def _correction_facts(casework: Casework, decided: Decided) -> dict[str, Any]:
    """Return the correction that a decision rests on.

    Raises:
        DisputeError: facts were corrected and none is named, or it is not in force.
    """
    if decided.correction is None:
        if decided.event == steps.CORRECTED and decided.reason_code == "facts_corrected":
            raise DisputeError(
                "name the correction by which the facts are right now, with --correction; `assay correction "
                "list` shows them"
            )
        return {}
    correction = casework.corrections.find(decided.correction)
    if not correction.is_in_force:
        raise DisputeError(f"{correction.case_id} is {correction.state}; two people put it into force first")
    return {"correction": correction.case_id, "correction_leaf_index": correction.leaf_index}
