"""The whole of it: ask every source for a sample and for its totals, and keep the verdicts."""

from dataclasses import dataclass
from typing import Any

import duckdb

from connectors.streams import SAMPLES, TOTALS
from orchestration.dbt_runner import DbtProject
from orchestration.flow.planning import Plan
from orchestration.flow.warehouse import open_warehouse, stage_mark
from orchestration.reconciliation.asked import AskedSource, asked_sources
from orchestration.reconciliation.restaging import attached_vault
from orchestration.reconciliation.samples import SamplePlan, sample_source
from orchestration.reconciliation.totals import count_source
from orchestration.session import Session
from quality_checks.source_answers import SAMPLED_RECORDS, SOURCE_TOTALS, write_answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How much is asked.

    Attributes:
        samples: Records of each stream of each source; 0 for none.
        totals: Scopes of each stream of each source whose total is asked for; 0 for none.
    """

    samples: int
    totals: int


@dataclass(frozen=True, slots=True)
class Answers:
    """What the sources said: rows of `quality.sampled_records` and of `quality.source_totals`."""

    samples: list[dict[str, Any]]
    totals: list[dict[str, Any]]


def ask_before_checks(session: Session, plan: Plan) -> Answers | None:
    """Ask as much as the settings want; None where this build was checked already."""
    with open_warehouse(session.workspace.warehouse) as con:
        mark = stage_mark(con, "checks")
    if mark is not None and mark.build_id == plan.build.build_id:
        return None
    wanted = session.settings.reconciliation
    extent = Extent(samples=wanted.sample_size, totals=wanted.total_scopes)
    return ask_sources(session, extent, log_size=plan.raw.log_size)


def ask_sources(session: Session, extent: Extent, *, log_size: int) -> Answers:
    """Ask, compare with staging as it stands, and write both tables.

    Nothing that a source does ends in an error here. What is asked hangs on the payload log alone, so that
    the same evidence asks the same.

    Args:
        session: The open workspace, whose warehouse holds a finished build and is not open.
        extent: How much is asked.
        log_size: Size of the payload log that decides what is asked.
    """
    seed = f"{log_size}:{session.ledger.root('payload', log_size).hex()}"
    sources = asked_sources(session)
    manifest = DbtProject(session.workspace).compiled_manifest() if extent.samples else {}
    with open_warehouse(session.workspace.warehouse) as con:
        plan = SamplePlan(count=extent.samples, seed=seed, manifest=manifest)
        samples = _samples(session, con, sources, plan)
        totals = [
            row for asked in sources for row in count_source(con, asked, count=extent.totals, seed=seed)
        ]
        write_answers(con, SAMPLED_RECORDS, samples)
        write_answers(con, SOURCE_TOTALS, totals)
    _compact(session, sources)
    return Answers(samples, totals)


def _samples(
    session: Session, con: duckdb.DuckDBPyConnection, sources: list[AskedSource], plan: SamplePlan
) -> list[dict[str, Any]]:
    if not plan.count:
        return []
    with attached_vault(con, session.workspace.vault):
        return [row for asked in sources for row in sample_source(con, asked, plan)]


def _compact(session: Session, sources: list[AskedSource]) -> None:
    """Merge the small files that many runs leave."""
    for asked in sources:
        for stream in asked.streams:
            for ending, is_asked in ((SAMPLES, stream.item), (TOTALS, stream.source_total)):
                if is_asked is not None:
                    session.store.compact(asked.name, stream.name + ending)
