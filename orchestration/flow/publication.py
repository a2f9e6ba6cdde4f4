"""Publishing a checked build: the gate, the new folder, the switch."""

import platform
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version

import duckdb

from connectors.streams import is_kept_beside
from governance.policies import PolicyBook
from governance.sign_offs import load_sign_offs
from governance.signers import SignerRegister
from lineage.definition_store import DefinitionStore
from orchestration.dbt_runner import DbtProject
from orchestration.defining import keep_definitions, present_definitions, present_marts
from orchestration.flow.planning import Plan
from orchestration.flow.warehouse import StageMark, mark_stage, open_warehouse, stage_mark
from orchestration.session import Session
from orchestration.sources import utc_now
from publishing import Publication, PublicationContext, SourceSummary, current_publication, publish
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
    publication_id = f"{at:%Y%m%dT%H%M%SZ}-{session.run_id[:8]}"
    compiled = DbtProject(workspace).compiled_manifest()
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
        hashes = {metric: definition.sha256 for metric, definition in defined.items()}
        context = replace(
            _context(session, con, build.log_size, hashes),
            policies=policies,
            definitions=kept.hashes,
            definition_leaves=kept.leaves,
        )
    publication = publish(
        workspace.warehouse,
        workspace.published,
        publication_id=publication_id,
        context=context,
        ledger=session.ledger,
        signer=session.signer(),
        at=at,
    )
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
        register=SignerRegister.load(governance / "signers.yml"),
        sign_offs=load_sign_offs(governance / "sign-offs"),
        environment={name: version(name) for name in _SOFTWARE} | {"python": platform.python_version()},
        sources=_sources(session, con),
    )


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
