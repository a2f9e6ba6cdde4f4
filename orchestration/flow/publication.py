"""Publishing a checked build: the gate, the new folder, the switch."""

from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version

import duckdb

from connectors.streams import is_kept_beside
from governance.policies import PolicyBook
from governance.sign_offs import load_sign_offs
from governance.signers import SignerRegister
from lineage.ledger import LedgerError
from orchestration.anchoring import anchor_logs
from orchestration.column_lineage.recording import record_column_lineage
from orchestration.dbt_runner import DbtProject
from orchestration.defining import present_definitions
from orchestration.errors import AssayError
from orchestration.flow.planning import Plan
from orchestration.flow.warehouse import StageMark, mark_stage, open_warehouse, stage_mark
from orchestration.replaying import keep_build
from orchestration.session import Session
from orchestration.sources import utc_now
from orchestration.witness_network import ask_witness
from orchestration.witnessing import cosign_newest, gather
from publishing import Publication, PublicationContext, SourceSummary, current_publication, publish
from publishing.sealing import Cosign
from quality_checks.stored_results import read_results

_SOFTWARE = ("assay", "duckdb", "dbt-core", "dbt-duckdb", "dagster", "sqlglot", "great-expectations")
_NEWEST_FETCH = "select source, max(fetched_at) from raw.evidence_pages group by source"


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


def publish_warehouse(session: Session, build: StageMark) -> Publication:
    """Publish what the warehouse holds under the present registers and policies.

    Args:
        session: The open workspace.
        build: The complete and checked build that the warehouse holds.

    Raises:
        PublishingError: a blocking check is red, the gate is closed, or the warehouse lacks something.
    """
    workspace, at = session.workspace, utc_now()
    compiled = DbtProject(workspace).compiled_manifest()
    with open_warehouse(workspace.warehouse) as con:
        defined = present_definitions(con, compiled, session.settings)
        hashes = {metric: definition.sha256 for metric, definition in defined.items()}
        stored = keep_build(workspace, con, compiled)
        context = _context(session, con, build.log_size, hashes)
        record_column_lineage(workspace, con, compiled)
    cosigning = gather(
        session.ledger, context.policies, session.signer(), payload_size=build.log_size, ask=ask_witness
    )
    for remark in cosigning.remarks:
        session.watcher.note(remark)
    context = replace(
        context,
        replay=stored,
        cosigned_by=cosigning.names,
        counted_witnesses=cosigning.counted,
        cosigned_payload=cosigning.payload_note,
        cosigned_registers=cosigning.registers_note,
    )
    publication = publish(
        workspace.warehouse,
        workspace.published,
        publication_id=f"{at:%Y%m%dT%H%M%SZ}-{session.run_id[:8]}",
        context=context,
        ledger=session.ledger,
        signer=session.signer(),
        at=at,
        cosign=_cosign_announcement(session, context),
    )
    _anchor(session, context.policies)
    with open_warehouse(workspace.warehouse) as con:
        mark_stage(con, "publication", replace(build, ended_at=at))
    return publication


def _context(
    session: Session, con: duckdb.DuckDBPyConnection, log_size: int, hashes: Mapping[str, str]
) -> PublicationContext:
    governance = session.workspace.governance
    return PublicationContext(
        organisation=session.settings.organisation,
        time_zone=session.settings.reporting.time_zone,
        payload_log_size=log_size,
        definition_hashes=hashes,
        checks=tuple(read_results(con)),
        policies=PolicyBook.load(governance / "policies.yml"),
        register=SignerRegister.load(governance / "signers.yml"),
        sign_offs=load_sign_offs(governance / "sign-offs"),
        environment={name: version(name) for name in _SOFTWARE},
        sources=_sources(session, con),
    )


def _cosign_announcement(session: Session, context: PublicationContext) -> Cosign:
    """Return what has counted witnesses cosign the checkpoint that covers the publication's own leaf."""
    counted = {witness.key for witness in context.counted_witnesses}
    reachable = [one for one in context.policies.configured_witnesses if one.key in counted and one.url]

    def cosign(note: str) -> str:
        cosigned, remarks = cosign_newest(session.ledger, note, reachable, session.signer(), ask=ask_witness)
        for remark in remarks:
            session.watcher.note(remark)
        return cosigned

    return cosign


def _anchor(session: Session, book: PolicyBook) -> None:
    """Have the new state stamped where an authority is configured; a publication does not wait for it."""
    if book.timestamping is None:
        return
    try:
        anchor_logs(session.ledger, book, session.workspace.governance, session.signer())
    except (AssayError, LedgerError) as error:
        session.watcher.note(f"the checkpoints were not stamped: {error}")


def _sources(session: Session, con: duckdb.DuckDBPyConnection) -> tuple[SourceSummary, ...]:
    newest = dict(con.execute(_NEWEST_FETCH).fetchall())
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
