"""What the gate looks at, gathered from a workspace: registers, checks, the log's times, clocks."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import duckdb

from connectors.streams import is_kept_beside
from governance.clock import ClockFloor, newest_event_at
from governance.jurisdictions import JurisdictionBook
from governance.log import GOVERNANCE_LOG
from governance.policies import PolicyBook
from governance.purposes import PurposeBook
from governance.sign_off_log import SignOffHistory, read_history, record_sign_offs
from governance.sign_offs import load_sign_offs
from governance.signers import SignerRegister
from lineage.ledger import Ledger
from orchestration.cases.desks import cells_under_dispute
from orchestration.flow.cosigning import with_witnesses
from orchestration.metric_definitions.defining import present_definitions
from orchestration.session import Session
from orchestration.tracks import present_crossings
from publishing import PublicationContext, SourceSummary
from quality_checks.stored_results import read_results

_SOFTWARE = ("assay", "duckdb", "dbt-core", "dbt-duckdb", "dagster", "sqlglot", "great-expectations")
_NEWEST_FETCH = "select source, max(fetched_at) from raw.evidence_pages group by source"


@dataclass(frozen=True, slots=True)
class LogReading:
    """What the governance log says that the gate needs: of sign-offs, and of the time."""

    history: SignOffHistory
    newest_event_at: datetime | None

    def floors(self) -> tuple[ClockFloor, ...]:
        """Return the log's newest event as a floor of the clock."""
        found = self.newest_event_at
        return () if found is None else (ClockFloor(found, "the newest event of the governance log"),)


def read_log(ledger: Ledger) -> LogReading:
    """Read the governance log once for what the gate needs of it."""
    leaves = list(ledger.every_leaf(GOVERNANCE_LOG))
    return LogReading(read_history(leaves), newest_event_at(leaves))


def take_sign_offs(session: Session, *, at: datetime) -> LogReading:
    """Record the sign-offs of the workspace that the governance log does not have, and return its reading.

    With a clock that is behind the log nothing is recorded: the gate is closed then, and says so.

    Raises:
        SignerError: a file is no sign-off.
    """
    reading = read_log(session.ledger)
    found = load_sign_offs(session.workspace.governance / "sign-offs")
    unseen = [one for one in found if one.sha256 not in reading.history.recorded_at]
    if unseen and all(floor.is_respected(at) for floor in reading.floors()):
        with session.ledger.transaction() as transaction:
            record_sign_offs(transaction, unseen, reading.history, at=at)
    return reading


def gate_context(
    session: Session,
    con: duckdb.DuckDBPyConnection,
    compiled: Mapping[str, Any],
    reading: LogReading,
    *,
    log_size: int,
    purpose: str | None = None,
) -> PublicationContext:
    """Gather the circumstances of a decision or a publication.

    Args:
        session: The open workspace.
        con: The warehouse.
        compiled: dbt's manifest with the SQL of a build from the beginning.
        reading: What the governance log says.
        log_size: The evidence cutoff of the build.
        purpose: What it is for, unless it is the register's own.

    Raises:
        GovernanceError: a register is wrong.
    """
    governance = session.workspace.governance
    newest = dict(con.execute(_NEWEST_FETCH).fetchall())
    fetched = [at for at in newest.values() if at is not None]
    evidence = [ClockFloor(max(fetched).astimezone(UTC), "the newest fetch")] if fetched else []
    policies = PolicyBook.load(governance / "policies.yml")
    defined = present_definitions(con, compiled, policies=policies)
    crossings = present_crossings(session.workspace, con)
    context = PublicationContext(
        organisation=session.settings.organisation,
        time_zone=session.settings.reporting.time_zone,
        payload_log_size=log_size,
        definition_hashes={metric: definition.sha256 for metric, definition in defined.items()},
        checks=tuple(read_results(con)),
        policies=policies,
        register=SignerRegister.load(governance / "signers.yml"),
        sign_offs=reading.history.of(load_sign_offs(governance / "sign-offs")),
        jurisdictions=JurisdictionBook.load(governance / "jurisdictions.yml"),
        purposes=PurposeBook.load(governance / "purposes.yml"),
        purpose=purpose,
        clock_floors=(*reading.floors(), *evidence),
        restricted_cells=cells_under_dispute(session.ledger, session.workspace),
        track_crossings={name: [one.sentence for one in found] for name, found in crossings.items()},
        column_clocks=column_clocks(compiled),
        dispositions_unknown_percent=session.settings.rules.incidents.unknown_percent,
        environment={name: version(name) for name in _SOFTWARE} | {"python": platform.python_version()},
        sources=_sources(session, newest),
    )
    return with_witnesses(session, context)


def column_clocks(compiled: Mapping[str, Any]) -> dict[str, str]:
    """Return whose clock each column shows, by `schema.table.column`, as the models declare it."""
    return {
        f"{node['schema']}.{node.get('alias') or node['name']}.{name}": str(clock)
        for node in compiled["nodes"].values()
        if node.get("resource_type") == "model"
        for name, column in (node.get("columns") or {}).items()
        if (clock := ((column.get("config") or {}).get("meta") or {}).get("clock")) is not None
    }


def _sources(session: Session, newest: Mapping[str, datetime]) -> tuple[SourceSummary, ...]:
    totals = [total for total in session.store.totals() if not is_kept_beside(total.stream)]
    return tuple(
        SourceSummary(
            name=source.name,
            kind=source.kind,
            pages=sum(total.pages for total in totals if total.source == source.name),
            records=sum(total.records for total in totals if total.source == source.name),
            newest_fetch_at=newest.get(source.name),
        )
        for source in session.settings.sources
    )
