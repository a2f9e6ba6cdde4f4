"""Giving every account of the new pages its token, before staging joins it."""

from orchestration.flow.planning import Plan, affected_models
from orchestration.flow.warehouse import open_warehouse
from orchestration.session import Session
from orchestration.steps.account_tokens import assign_account_tokens


def assign_tokens(session: Session, plan: Plan) -> int:
    """Fill the vault, widen the plan by what the tokens change, and return the number of accounts."""
    workspace = session.workspace
    with open_warehouse(workspace.warehouse) as con:
        plan.raw = assign_account_tokens(
            con, plan.evidence, plan.raw, vault=session.vault(), vault_file=workspace.vault
        )
        plan.models |= affected_models(plan.graph, plan.raw.news) - plan.empty
        plan.built -= plan.models
        row = con.execute("select count(*) from raw.account_state").fetchone()
    return int(row[0]) if row else 0
