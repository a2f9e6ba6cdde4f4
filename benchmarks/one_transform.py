"""A process that builds a workspace's warehouse from the evidence that is there, and times the stages.

`python -m benchmarks.one_transform WORKSPACE`: a run's steps between fetching and checking, without Dagster.
"""

import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from benchmarks.measuring import MEGABYTE, peak_megabytes
from benchmarks.stages import Stages
from orchestration.dbt_runner import NodeOutcome
from orchestration.flow.building import (
    build_models,
    compute_intervals,
    compute_working_hours,
    failure_of,
    finish_models,
    needs_commit_graph,
)
from orchestration.flow.planning import make_plan
from orchestration.flow.tokens import assign_tokens
from orchestration.flow.warehouse import open_warehouse
from orchestration.session import Session, open_session
from orchestration.steps.commit_graph import write_commit_graph
from orchestration.workspace import Workspace


def main(root: Path) -> None:
    """Build; print seconds by stage and by model, and the most memory held."""
    workspace, stages = Workspace(root.resolve()), Stages()
    with open_session(workspace, command="benchmark", needs_sources=False) as session:
        outcomes = transform(session, enter=stages.stage)
    models = {each.name: each.seconds for each in outcomes if each.kind == "model"}
    document = {
        "transform": sum(stages.seconds.values()),
        "transform_cpu": sum(stages.cpu.values()),
        "stages": stages.seconds,
        "cpu": stages.cpu,
        "models": models,
        "tests": sum(each.seconds for each in outcomes if each.kind == "test"),
        "peak": peak_megabytes(),
        "warehouse_megabytes": workspace.warehouse.stat().st_size / MEGABYTE,
    }
    print(json.dumps(document))


def transform(
    session: Session,
    *,
    is_full_refresh: bool = False,
    enter: Callable[[str], AbstractContextManager[object]] = nullcontext,
) -> list[NodeOutcome]:
    """Take every step of a run between fetching and checking.

    Args:
        session: The open workspace.
        is_full_refresh: Read all evidence again, not only what is new.
        enter: Called with each step's name; the step runs within what it returns.

    Returns:
        What became of each model and test.

    Raises:
        AssayError: A model or a test failed.
    """
    warehouse, outcomes = session.workspace.warehouse, list[NodeOutcome]()
    with enter("plan"), open_warehouse(warehouse) as con:
        plan = make_plan(session, con, is_full_refresh=is_full_refresh)
    with enter("account tokens"):
        assign_tokens(session, plan)
    with enter("tables of bounds"), open_warehouse(warehouse) as con:
        compute_intervals(con, plan)
        compute_working_hours(con, plan)
    with enter("models before the graph"):
        outcomes += build_models(session, plan, "before_graph")
    with enter("commit graph"), open_warehouse(warehouse) as con:
        if needs_commit_graph(plan):
            write_commit_graph(con)
    with enter("models after the graph"):
        outcomes += build_models(session, plan, "after_graph")
    failure = failure_of(outcomes)
    if failure is not None:
        raise failure
    with open_warehouse(warehouse) as con:
        finish_models(con, plan)
    return outcomes


if __name__ == "__main__":
    main(Path(sys.argv[1]))
