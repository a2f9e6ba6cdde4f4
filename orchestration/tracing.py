"""Opening what a trace needs: the publication, the evidence and the ledger, all for reading."""

import secrets

import duckdb

from connectors.evidence import EvidenceStore
from lineage.trace import Trace, parse_period, parse_scope, trace
from orchestration.errors import UsageError
from orchestration.session import open_ledger
from orchestration.workspace import Workspace


def trace_cell(
    workspace: Workspace, metric: str, *, scope: str, period: str, most_records: int | None = 200
) -> Trace:
    """Trace one published value.

    Args:
        workspace: Whose current publication.
        metric: Its name.
        scope: `service:checkout`, `team:payments`, `organisation:acme`.
        period: `2026-05`, `2026-W21`, `2026-Q2`.
        most_records: How many records to read back; None for all.

    Raises:
        UsageError: nothing is published yet.
        LineageError: there is no such cell, or an argument has the wrong form.
    """
    scope_kind, scope_id = parse_scope(scope)
    parsed = parse_period(period)
    database = workspace.current / "analyst.duckdb"
    if not database.exists():
        raise UsageError(f"Nothing is published in {workspace.root} yet. Make a publication with: assay run")
    with open_ledger(workspace, workspace.settings()) as ledger:
        store = EvidenceStore(workspace.evidence, ledger, random_bytes=secrets.token_bytes)
        try:
            with duckdb.connect(str(database), read_only=True) as con:
                con.execute("set TimeZone = 'UTC'")
                return trace(
                    con,
                    metric,
                    scope_kind=scope_kind,
                    scope_id=scope_id,
                    period_grain=parsed.grain,
                    period_start=parsed.start,
                    records=store,
                    ledger=ledger,
                    most_records=most_records,
                )
        finally:
            store.close()
