"""Publishing a checked build: the gate, the new folder, the switch."""

from dataclasses import replace

from governance.policies import PolicyBook
from lineage.definition_store import DefinitionStore
from lineage.ledger import LedgerError
from orchestration.column_lineage.recording import record_column_lineage
from orchestration.dbt_runner import DbtProject
from orchestration.errors import AssayError
from orchestration.flow.cosigning import cosign_announcement, with_witnesses
from orchestration.flow.gate_inputs import gate_context, take_sign_offs
from orchestration.flow.planning import Plan
from orchestration.flow.warehouse import StageMark, mark_stage, open_warehouse, stage_mark
from orchestration.ledger.anchoring import anchor_logs
from orchestration.ledger.witness_network import ask_witness
from orchestration.metric_definitions.defining import keep_definitions, present_definitions, present_marts
from orchestration.numbers.replaying import keep_build
from orchestration.session import Session
from orchestration.sources import utc_now
from publishing import Publication, current_publication, publish


def publish_build(session: Session, plan: Plan) -> Publication:
    """Publish the present build, unless it is published already.

    Raises:
        PublishingError: a blocking check is red, the gate is closed, or the warehouse lacks something.
    """
    workspace = session.workspace
    current = current_publication(workspace.published)
    with open_warehouse(workspace.warehouse) as con:
        mark = stage_mark(con, "publication")
    if current is None or mark is None or mark.build_id != plan.build.build_id:
        current = publish_warehouse(session, plan.build)
    session.record.publication = current.publication_id
    session.record.is_published_anew = current.is_new
    return current


def publish_warehouse(session: Session, build: StageMark, *, purpose: str | None = None) -> Publication:
    """Publish what the warehouse holds under the present registers and policies.

    Args:
        session: The open workspace.
        build: The complete and checked build that the warehouse holds.
        purpose: What incentive metrics are published for, unless it is the register's own.

    Raises:
        PublishingError: a blocking check is red, the gate is closed, or the warehouse lacks something.
    """
    workspace, at = session.workspace, utc_now()
    publication_id = f"{at:%Y%m%dT%H%M%SZ}-{session.run_id[:8]}"
    compiled = DbtProject(workspace).compiled_manifest()
    reading = take_sign_offs(session, at=at)
    policies = PolicyBook.load(workspace.governance / "policies.yml")
    with open_warehouse(workspace.warehouse) as con:
        defined = present_definitions(con, compiled, policies=policies)
        kept = keep_definitions(
            DefinitionStore(workspace.definitions),
            session.ledger,
            defined | present_marts(con, compiled),
            publication_id=publication_id,
            at=at,
        )
        context = replace(
            gate_context(session, con, compiled, reading, log_size=build.log_size, purpose=purpose),
            definitions=kept.hashes,
            definition_leaves=kept.leaves,
            replay=keep_build(workspace, con, compiled),
        )
        record_column_lineage(workspace, con, compiled)
    context = with_witnesses(session, context, ask=ask_witness)
    publication = publish(
        workspace.warehouse,
        workspace.published,
        publication_id=publication_id,
        context=context,
        ledger=session.ledger,
        signer=session.signer(),
        at=at,
        cosign=cosign_announcement(session, context),
    )
    _anchor(session, context.policies)
    with open_warehouse(workspace.warehouse) as con:
        mark_stage(con, "publication", replace(build, ended_at=at))
    return publication


def _anchor(session: Session, book: PolicyBook) -> None:
    """Have the new state stamped where an authority is configured; a publication does not wait for it."""
    if book.timestamping is None:
        return
    try:
        anchor_logs(session.ledger, book, session.workspace.governance, session.signer())
    except (AssayError, LedgerError) as error:
        session.watcher.note(f"the checkpoints were not stamped: {error}")
