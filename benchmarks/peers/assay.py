"""Ours: from the first request to tables that can be queried. `python -m benchmarks.peers.assay FOLDER`."""

import json
import sys
from importlib import import_module
from pathlib import Path

from benchmarks.measuring import forget_peak, peak_megabytes, stopwatch
from orchestration.session import Session, open_session
from orchestration.workspace import Workspace

STREAMS = ("repositories", "pull_requests", "issues", "commits")


def main(folder: Path, *, is_loaded: bool) -> None:
    """Extract, stage, and say how long it took and how much memory."""
    workspace = Workspace(folder)
    with open_session(workspace, command="a benchmark") as session:
        with stopwatch() as extracting:
            reports = [session.source("github").extract(name, run_id=session.run_id) for name in STREAMS]
        while_extracting = peak_megabytes()
        if is_loaded:
            import_module("dbt.cli.main")  # the time to load libraries is not counted for anybody
            import_module("dbt.adapters.duckdb")
            import_module("pandas")  # DuckDB looks for it when it is given parameters
        forget_peak()
        with stopwatch() as loading:
            rows = _load(session) if is_loaded else {}
    print(
        json.dumps(
            {
                "records": sum(report.records for report in reports),
                "requests": sum(report.requests for report in reports),
                "extracting_seconds": extracting.seconds,
                "loading_seconds": loading.seconds,
                "extracting_megabytes": while_extracting,
                "loading_megabytes": peak_megabytes(),
                "rows": rows,
            }
        )
    )


def _load(session: Session) -> dict[str, int]:
    from orchestration.flow.building import build_models, failure_of  # noqa: PLC0415 - not while fetching
    from orchestration.flow.planning import make_plan  # noqa: PLC0415 - see above
    from orchestration.flow.tokens import assign_tokens  # noqa: PLC0415 - see above
    from orchestration.flow.warehouse import open_warehouse  # noqa: PLC0415 - see above

    with open_warehouse(session.workspace.warehouse) as con:
        plan = make_plan(session, con)
    assign_tokens(session, plan)
    names = {f"stg_github__{stream}" for stream in STREAMS}
    wanted = [key for key, model in plan.graph.models.items() if model["name"] in names]
    problem = failure_of(build_models(session, plan, "before_graph", only=wanted))
    if problem is not None:
        raise problem
    with open_warehouse(session.workspace.warehouse) as con:
        return {
            name: con.execute(f"select count(*) from staging.{name}").fetchone()[0]  # type: ignore[index]
            for name in sorted(names)
        }


if __name__ == "__main__":
    main(Path(sys.argv[1]), is_loaded="--extract-only" not in sys.argv[2:])
