"""Tracing published values to their bytes, beside looking the value up in the published file."""

import statistics
from collections.abc import Iterator
from datetime import date

import duckdb

from benchmarks.figures import Figure
from benchmarks.house import House
from benchmarks.measuring import stopwatch
from orchestration.numbers.tracing import trace_cell
from orchestration.workspace import Workspace

CELLS = 20
_CHOOSE = """
    select metric, scope_kind, scope_id, period_start, n
    from marts.mart_metric_values
    where period_grain = 'month' and n > 0
    order by hash(metric, scope_id, period_start)
    limit ?
"""
_LARGEST = """
    select metric, scope_kind, scope_id, period_start, n
    from marts.mart_metric_values
    where period_grain = 'month'
    order by n desc, metric, period_start
    limit 1
"""
_LOOK_UP = "select value from marts.mart_metric_values where (metric, scope_id, period_start) = (?, ?, ?)"

Cell = tuple[str, str, str, date, int]


def measure(factor: int) -> Iterator[Figure]:
    """Trace some cells and the largest one of the built workspace."""
    house = House(factor).built()
    workspace = house.workspace("built")
    with duckdb.connect(str(workspace.current / "analyst.duckdb"), read_only=True) as con:
        cells: list[Cell] = con.execute(_CHOOSE, [CELLS]).fetchall()
        largest: list[Cell] = con.execute(_LARGEST).fetchall()
        with stopwatch() as looking:
            for metric, _, scope_id, start, _ in cells:
                con.execute(_LOOK_UP, [metric, scope_id, start]).fetchall()
    seconds = [_trace(workspace, cell) for cell in cells]
    look_up = looking.seconds / len(cells)
    yield Figure("trace, median", statistics.median(seconds), "s", look_up, "looking the value up")
    yield Figure("trace, slowest", max(seconds), "s")
    yield Figure("trace, largest value", _trace(workspace, largest[0]), "s")
    yield Figure("events in the largest value", largest[0][4], "events")


def _trace(workspace: Workspace, cell: Cell) -> float:
    metric, scope_kind, scope_id, start, _ = cell
    with stopwatch() as watch:
        found = trace_cell(
            workspace, metric, scope=f"{scope_kind}:{scope_id}", period=f"{start:%Y-%m}", most_records=200
        )
    assert found.is_proven, f"{cell} is not proven"
    return watch.seconds
