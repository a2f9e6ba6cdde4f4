"""Publishing a checked build: the gate, the new folder, the switch."""

from dataclasses import replace

from orchestration.dbt_runner import DbtProject
from orchestration.flow.gate_inputs import gate_context, take_sign_offs
from orchestration.flow.planning import Plan
from orchestration.flow.warehouse import StageMark, mark_stage, open_warehouse, stage_mark
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
    compiled = DbtProject(workspace).compiled_manifest()
    reading = take_sign_offs(session, at=at)
    with open_warehouse(workspace.warehouse) as con:
        context = gate_context(session, con, compiled, reading, log_size=build.log_size, purpose=purpose)
    publication = publish(
        workspace.warehouse,
        workspace.published,
        publication_id=f"{at:%Y%m%dT%H%M%SZ}-{session.run_id[:8]}",
        context=context,
        ledger=session.ledger,
        signer=session.signer(),
        at=at,
    )
    with open_warehouse(workspace.warehouse) as con:
        mark_stage(con, "publication", replace(build, ended_at=at))
    return publication
