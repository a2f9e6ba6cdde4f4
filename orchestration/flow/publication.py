"""Publishing a checked build: the gate, the new folder, the switch."""

from importlib.metadata import version

import duckdb

from governance.policies import PolicyBook
from governance.sign_offs import load_sign_offs
from governance.signers import SignerRegister
from lineage.definitions import definition_hashes
from orchestration.flow.checking import read_results
from orchestration.flow.planning import Plan
from orchestration.flow.warehouse import StageMark, mark_stage, open_warehouse, stage_mark
from orchestration.session import Session
from orchestration.sources import utc_now
from publishing import Publication, PublicationContext, SourceSummary, current_publication, publish

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
        context = _context(session, con, plan)
    if current is None or mark is None or mark.build_id != plan.build_id:
        at = utc_now()
        current = publish(
            workspace.warehouse,
            workspace.published,
            publication_id=f"{at:%Y%m%dT%H%M%SZ}-{session.run_id[:8]}",
            context=context,
            ledger=session.ledger,
            signer=session.signer(),
            at=at,
        )
        with open_warehouse(workspace.warehouse) as con:
            mark_stage(con, "publication", StageMark(plan.build_id, plan.code_sha256, plan.raw.log_size, at))
    session.record.publication = current.publication_id
    session.record.is_published_anew = current.is_new
    return current


def _context(session: Session, con: duckdb.DuckDBPyConnection, plan: Plan) -> PublicationContext:
    governance = session.workspace.governance
    return PublicationContext(
        organisation=session.settings.organisation,
        time_zone=session.settings.reporting.time_zone,
        payload_log_size=plan.raw.log_size,
        definition_hashes=definition_hashes(con),
        checks=tuple(read_results(con)),
        policies=PolicyBook.load(governance / "policies.yml"),
        register=SignerRegister.load(governance / "signers.yml"),
        sign_offs=load_sign_offs(governance / "sign-offs"),
        environment={name: version(name) for name in _SOFTWARE},
        sources=_sources(session, con),
    )


def _sources(session: Session, con: duckdb.DuckDBPyConnection) -> tuple[SourceSummary, ...]:
    newest = dict(con.execute(_NEWEST_FETCH).fetchall())
    totals = session.store.totals()
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
