"""Building the warehouse: models before the commit graph, the graph, and the models after it."""

from collections.abc import Collection, Iterable
from typing import Literal

import duckdb

from orchestration.dbt_runner import DbtProject, NodeOutcome
from orchestration.errors import AssayError, BuildFailedError, FindingsError
from orchestration.flow.planning import COMMIT_GRAPH_READS, Plan
from orchestration.flow.warehouse import mark_stage, mark_unfinished
from orchestration.session import Session
from orchestration.steps.business_hours import write_working_hours
from orchestration.steps.raw_schema import finish_build

Phase = Literal["before_graph", "after_graph"]
CALENDARS = "config.calendars"


def build_models(
    session: Session, plan: Plan, phase: Phase, *, only: Collection[str] | None = None
) -> list[NodeOutcome]:
    """Build what the plan wants of one phase, and run the tests that can run then.

    Args:
        session: The open workspace.
        plan: What is to be built.
        phase: Before or after the commit graph.
        only: Unique ids to restrict the build to; the plan alone decides where None.

    Returns:
        What became of each node; see `failure_of`.

    Raises:
        BuildFailedError: dbt could not start.
    """
    of_phase = plan.graph.before_graph if phase == "before_graph" else plan.graph.after_graph
    chosen = (plan.models if only is None else frozenset(only)) & of_phase
    if not chosen:
        return []
    names = plan.graph.names(chosen, built=plan.built)
    finished = 0

    def heard(outcome: NodeOutcome) -> None:
        nonlocal finished
        finished += 1
        session.watcher.building(outcome, done=finished, total=len(names))
        if session.events is not None:
            session.events.heard(outcome)

    outcomes = DbtProject(session.workspace).build(
        select=plan.graph.selection(names), is_full_refresh=plan.is_full, on_node=heard
    )
    session.record.outcomes.extend(outcomes)
    plan.new.update(outcome.unique_id for outcome in outcomes if outcome.is_built)
    plan.built |= plan.new
    session.record.models_built += sum(outcome.is_built for outcome in outcomes)
    return outcomes


def failure_of(outcomes: Iterable[NodeOutcome]) -> AssayError | None:
    """Return what the bad ones among the outcomes mean for the run; None where all is well."""
    bad = [outcome for outcome in outcomes if outcome.is_bad]
    if not bad:
        return None
    listed = "\n".join(f"  {outcome.kind} {outcome.name}: {outcome.message.strip()}" for outcome in bad)
    if any(outcome.kind == "model" for outcome in bad):
        return BuildFailedError(f"{len(bad)} nodes of the build failed; nothing was published:\n{listed}")
    return FindingsError(f"{len(bad)} tests found rows that must not be; nothing was published:\n{listed}")


def compute_intervals(con: duckdb.DuckDBPyConnection, plan: Plan) -> tuple[int, int] | None:
    """Write the tables of exact bounds; None where they stand already."""
    if not plan.is_full and _has_tables(con, ("poisson_bounds", "median_ranks")):
        return None
    from orchestration.steps.intervals import write_interval_tables  # noqa: PLC0415 - scipy takes seconds

    return write_interval_tables(con)


def compute_working_hours(con: duckdb.DuckDBPyConnection, plan: Plan) -> tuple[int, int] | None:
    """Write the working time of the calendars; None where it stands already."""
    has_tables = _has_tables(con, ("working_hours", "working_days"))
    if not plan.is_full and CALENDARS not in plan.raw.news and has_tables:
        return None
    return write_working_hours(con)


def needs_commit_graph(plan: Plan) -> bool:
    """Whether something that the commit graph reads is built anew."""
    return any(plan.graph.models[key]["name"] in COMMIT_GRAPH_READS for key in plan.models)


def finish_models(con: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    """Record the build as complete: from here on its evidence is no news."""
    finish_build(con, plan.raw)
    mark_stage(con, "models", plan.build)
    mark_unfinished(con, ())  # last: a crash before it costs a build too many, never one too few


def _has_tables(con: duckdb.DuckDBPyConnection, names: tuple[str, ...]) -> bool:
    found = con.execute("select table_name from duckdb_tables() where schema_name = 'computed'").fetchall()
    return set(names) <= {name for (name,) in found}
