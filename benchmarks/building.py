"""The full build, a run without news, and one more day, beside bare JSON parsing of the same evidence."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import duckdb

from benchmarks.figures import Figure
from benchmarks.house import House
from benchmarks.measuring import run_process, stopwatch
from connectors.sandbox import SandboxServer
from orchestration.workspace import Workspace

BUILD_STAGES = ("models before the graph", "commit graph", "models after the graph")


def measure(factor: int) -> Iterator[Figure]:
    """Build a copy of the fetched workspace, run it again, let a day pass, run it again."""
    house = House(factor).fetched()
    workspace = house.copy_for_building()
    with house.server(at=house.last_day_begins) as server:
        first = _run(house, workspace)
        idle = _run(house, workspace)
        last = _one_more_day(house, workspace, server)
    bare = _bare_parsing(workspace)
    full = _built(first)
    yield Figure("full build", full, "s", bare, "json_valid over every body")
    yield Figure("full build, all of the run", first["seconds"], "s")
    yield Figure("full build, checks", first["stages"].get("checks", 0.0), "s", full, "the full build")
    yield Figure("peak memory of the run", first["peak"], "MB")
    yield Figure("run without news", idle["seconds"], "s")
    yield Figure("run without news: models built", idle["models_built"], "models")
    yield Figure("one more day, build", _built(last), "s", full, "the full build")
    yield Figure(
        "one more day, models alone", last["model_seconds"], "s", first["model_seconds"], "all models"
    )
    yield Figure("one more day, all of the run", last["seconds"], "s", first["seconds"], "the first run")


def _one_more_day(house: House, workspace: Workspace, server: SandboxServer) -> dict[str, Any]:
    server.move_to(house.organisation.ends_at)
    house.organisation.write_git(house.git("built"))
    return _run(house, workspace)


def _run(house: House, workspace: Workspace) -> dict[str, Any]:
    program = [sys.executable, "-m", "benchmarks.one_run", str(workspace.root)]
    document: dict[str, Any] = json.loads(run_process(program, environment=house.environment).output)
    return document


def _built(run: dict[str, Any]) -> float:
    return float(sum(run["stages"].get(stage, 0.0) for stage in BUILD_STAGES))


def _bare_parsing(workspace: Workspace) -> float:
    files = f"read_parquet('{workspace.evidence}/github/*/*.parquet')"
    with duckdb.connect() as con, stopwatch() as watch:
        con.execute("set threads = 2")
        con.execute(f"select count(*) from {files} where json_valid(decode(body))").fetchall()
    return watch.seconds
