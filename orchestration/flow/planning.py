"""Pinning the evidence, and deciding from what has changed which models must be built."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration import staging_models, steps
from orchestration.cases.desks import correction_rows
from orchestration.dbt_runner import DbtProject
from orchestration.dispositions import disposition_rows
from orchestration.flow.gap_rows import gap_rows
from orchestration.flow.overlap import is_only_overlap
from orchestration.flow.people import PEOPLE, with_people_news
from orchestration.flow.pinning import Pinned, pin_evidence
from orchestration.flow.settings_rows import settings_rows
from orchestration.flow.warehouse import (
    Stage,
    StageMark,
    is_stale,
    mark_unfinished,
    stage_mark,
    unfinished_models,
)
from orchestration.model_graph import ModelGraph
from orchestration.session import Session
from orchestration.slos.resolving import read_slos
from orchestration.slos.rows import slo_tables
from orchestration.sources import absent_kinds, utc_now
from orchestration.steps.empty_models import create_empty_models, empty_models
from orchestration.steps.raw_schema import Evidence, RawBuild, build_raw_schema

TOKENS = "vault.account_tokens"
AFTER_MODELS: tuple[Stage, ...] = ("checks", "publication")
COMMIT_GRAPH_READS = ("int_commits", "int_deployments_rolled_out")


@dataclass(slots=True)
class Plan:
    """What one build has before it.

    Attributes:
        raw: What is new in the evidence and the settings.
        evidence: What the build may read.
        graph: The models.
        models: Unique ids of the models to build.
        reasons: Why anything is built at all, for people.
        build: This build; the last one where nothing is to be done.
        is_full: Whether everything is built from the beginning.
        is_settled: Whether the last build is checked and published, and nothing has changed since.
        empty: Unique ids of staging models without a page, whose empty tables stand already.
        built: Models that stand as they should by now.
        new: Those of them that this run has built.
    """

    raw: RawBuild
    evidence: Evidence
    graph: ModelGraph
    models: frozenset[str]
    reasons: tuple[str, ...]
    build: StageMark
    is_full: bool
    is_settled: bool
    empty: frozenset[str] = frozenset()
    built: set[str] = field(default_factory=set)
    new: set[str] = field(default_factory=set)

    @property
    def is_idle(self) -> bool:
        """Whether the warehouse stands already as it should."""
        return not self.models


def make_plan(session: Session, con: duckdb.DuckDBPyConnection, *, is_full_refresh: bool = False) -> Plan:
    """Pin the evidence at its present size, write the raw schema and choose the models to build.

    Args:
        session: The open workspace.
        con: The warehouse, open for writing.
        is_full_refresh: Build everything from the beginning, whatever has changed.
    """
    project = DbtProject(session.workspace)
    graph = ModelGraph(project.manifest(), absent_kinds(session.settings))
    code = code_hash(project)
    last = stage_mark(con, "models")
    has_new_code = last is not None and last.code_sha256 != code
    is_full = is_full_refresh or last is None or has_new_code
    pinned = pin_evidence(session, con)
    raw = build_raw_schema(
        con,
        pinned.evidence,
        config=_config(session, pinned),
        staging_sha256=code,
        is_full_refresh=is_full,
    )
    raw = with_people_news(con, raw, ledger=session.ledger, vault=session.vault())
    empty = _make_empty_models(con, graph, pinned.evidence)
    models = (frozenset(graph.models) if is_full else _models_with_news(con, graph, raw)) - empty
    if models:
        mark_unfinished(con, (models | affected_models(graph, [TOKENS, PEOPLE])) - empty)
    is_idle = last is not None and not models
    is_through = is_idle and all(_is_done(con, stage, last) for stage in AFTER_MODELS)
    return Plan(
        raw=raw,
        evidence=pinned.evidence,
        graph=graph,
        models=models,
        reasons=_reasons(raw, last, has_new_code=has_new_code, is_asked=is_full_refresh) if models else (),
        build=last if last and is_idle else StageMark(session.run_id, code, raw.log_size, utc_now()),
        is_full=is_full,
        is_settled=is_through and session.workspace.current.exists() and not is_stale(con, raw.log_size),
        empty=empty,
        built=set(graph.models) - models,
    )


def _config(session: Session, pinned: Pinned) -> dict[str, pa.Table]:
    """Return the tables of schema `config`: the settings, and what was decided or found outside the pages."""
    rows = settings_rows(
        session.settings, repositories=pinned.repositories, reaches_until=pinned.reaches_until
    )
    return (
        rows
        | slo_tables(read_slos(session.workspace.root, session.settings).objectives)
        | disposition_rows(session.ledger)
        | correction_rows(session.ledger)
        | gap_rows(session, pinned, rows)
    )


def _make_empty_models(
    con: duckdb.DuckDBPyConnection, graph: ModelGraph, evidence: Evidence
) -> frozenset[str]:
    """Make the tables of models without a page, also of kinds that the workspace does not have."""
    names = empty_models(evidence, graph.contracts)
    create_empty_models(con, graph.empty_tables | {name: graph.contracts[name] for name in names})
    return frozenset(key for key, node in graph.models.items() if node["name"] in names)


def _models_with_news(con: duckdb.DuckDBPyConnection, graph: ModelGraph, raw: RawBuild) -> frozenset[str]:
    """Return what the news touch, and what an earlier build left undone."""
    left_over = unfinished_models(con) & set(graph.models)
    if not left_over and is_only_overlap(con, raw.news):
        return frozenset()
    return affected_models(graph, raw.news) | left_over


def affected_models(graph: ModelGraph, news: Iterable[str]) -> frozenset[str]:
    """Return the models downstream of source tables, also by way of the commit graph."""
    chosen = graph.downstream_of(news)
    names = {graph.models[key]["name"] for key in chosen}
    return chosen | graph.after_graph if names & set(COMMIT_GRAPH_READS) else chosen


def _is_done(con: duckdb.DuckDBPyConnection, stage: Stage, build: StageMark | None) -> bool:
    """Whether a stage has been through for a build."""
    mark = stage_mark(con, stage)
    return mark is not None and build is not None and mark.build_id == build.build_id


def code_hash(project: DbtProject) -> str:
    """Hash the SQL and the Python steps: whatever turns evidence into rows."""
    digest = hashlib.sha256(project.code_hash().encode())
    for package in (steps, staging_models):
        for path in sorted(Path(str(package.__file__)).parent.glob("*.py")):
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _reasons(raw: RawBuild, last: StageMark | None, *, has_new_code: bool, is_asked: bool) -> tuple[str, ...]:
    if last is None:
        return ("this is the first build",)
    reasons = ["a full refresh was asked for"] if is_asked else []
    if has_new_code:
        reasons.append("the models or steps are not those of the last build")
    reasons.extend(sorted(name.removeprefix("raw.").removesuffix("__new") for name in raw.news))
    return tuple(reasons)
