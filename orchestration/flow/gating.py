"""The gate at build: what would be published of this build, decided once its checks have run, and kept."""

import json

import duckdb

from governance.gate import Decision, record_decisions
from orchestration.dbt_runner import DbtProject
from orchestration.flow.gate_inputs import gate_context, take_sign_offs
from orchestration.flow.planning import Plan
from orchestration.flow.warehouse import open_warehouse
from orchestration.session import Session
from orchestration.sources import utc_now
from publishing.analyst import review_warehouse
from publishing.gate_tables import write_gate_decisions

GATE_DECISIONS = "quality.gate_decisions"


def decide_build(session: Session, plan: Plan) -> tuple[Decision, ...]:
    """Decide about every metric of a finished build, keep it in the warehouse, and record what changed.

    The publication asks the gate again: between both a sign-off may lapse or a dispute open.

    Raises:
        PublishingError: a register names what does not exist.
        GovernanceError: a register is wrong.
    """
    workspace, at = session.workspace, utc_now()
    compiled = DbtProject(workspace).compiled_manifest()
    reading = take_sign_offs(session, at=at)
    with open_warehouse(workspace.warehouse) as con:
        before = _kept(con)
        context = gate_context(session, con, compiled, reading, log_size=plan.raw.log_size)
    decisions = review_warehouse(workspace.warehouse, context, at=at, stage="build").decisions
    changed = [
        one for one in decisions if one.metric not in before or not one.says_the_same_as(before[one.metric])
    ]
    if changed:
        with session.ledger.transaction() as transaction:
            record_decisions(transaction, changed)
    with open_warehouse(workspace.warehouse) as con:  # after the log: a crash records twice, never not at all
        write_gate_decisions(con, GATE_DECISIONS, decisions)
    return decisions


def _kept(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, object]]:
    found = con.execute(
        "select 1 from duckdb_tables() where schema_name || '.' || table_name = $1", [GATE_DECISIONS]
    ).fetchone()
    if found is None:
        return {}
    rows = con.execute(f"select metric, decision_json from {GATE_DECISIONS}").fetchall()
    return {metric: json.loads(document) for metric, document in rows}
