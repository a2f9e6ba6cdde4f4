"""Tracing published values among all records of a long history, and replaying them from their records.

Factor 60 has some ten million records (docs/benchmarks.md). The warehouse is built once and kept, together
with what a publication would store for its replays; services' values of every kind are then traced and
replayed.
"""

import json
import secrets
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from benchmarks.figures import Figure
from benchmarks.long_history import LongHistory
from benchmarks.measuring import MEGABYTE, run_process, stopwatch
from connectors.evidence import EvidenceStore
from lineage.replay import Replay, StoredBuild, replay_cell
from lineage.trace import Period, trace
from lineage.trace.cells import CellName
from orchestration.dbt_runner import DbtProject
from orchestration.flow.warehouse import open_warehouse
from orchestration.numbers.replaying import keep_build, open_build
from orchestration.session import open_ledger
from orchestration.workspace import Workspace

_CHOOSE = """
    select metric, scope_id, period_start
    from (
        select
            *,
            row_number() over (partition by metric order by n desc, hash(scope_id, period_start)) as turn
        from marts.mart_metric_values
        where period_grain = 'month' and scope_kind = 'service' and n > 0
            and not list_contains(flags, 'withheld')
            and metric in (
                'deployment_frequency', 'change_fail_rate', 'change_lead_time', 'pull_request_lead_time',
                'pull_requests_merged', 'throughput', 'issue_cycle_time'
            )
    )
    where turn <= 3
    order by metric, turn
"""
Cell = tuple[str, str, date]


@dataclass(frozen=True, slots=True)
class BuiltHistory:
    """A long history whose warehouse stands, and what was stored for replays of it."""

    history: LongHistory

    @property
    def workspace(self) -> Workspace:
        """Its workspace."""
        return self.history.workspace

    def made(self) -> dict[str, Any]:
        """Write and build what is not there yet; return what the build said, and the stored hashes."""
        said = self.history.folder / "built.json"
        if said.exists():
            document: dict[str, Any] = json.loads(said.read_bytes())
            return document
        if not (self.workspace.ledger.exists() and self.workspace.warehouse.exists()):
            self.history.write()
        program = [sys.executable, "-m", "benchmarks.one_transform", str(self.workspace.root)]
        built: dict[str, Any] = json.loads(run_process(program).output)
        compiled = DbtProject(self.workspace).compiled_manifest()
        with open_warehouse(self.workspace.warehouse, is_read_only=True) as con:
            built["stored"] = keep_build(self.workspace, con, compiled)
        said.write_text(json.dumps(built), encoding="utf-8")
        return built


def measure(factor: int) -> Iterator[Figure]:
    """Trace and replay services' values of every kind."""
    built = BuiltHistory(LongHistory(factor))
    stored, workspace = built.made()["stored"], built.workspace
    with open_ledger(workspace, workspace.settings()) as ledger:
        log_size = ledger.size("payload")
        with closing(EvidenceStore(workspace.evidence, ledger, random_bytes=secrets.token_bytes)) as store:
            records = sum(total.records for total in store.totals())
    yield Figure("records", records, "records")
    with (
        open_warehouse(workspace.warehouse, is_read_only=True) as con,
        open_build(workspace, stored, log_size=log_size) as build,
    ):
        cells: list[Cell] = con.execute(_CHOOSE).fetchall()
        yield from _of_traces([_traced(con, workspace, cell) for cell in cells])
        yield from _of_replays([_replayed(con, build, cell) for cell in cells])


def _of_traces(seconds: list[float]) -> Iterator[Figure]:
    yield Figure("trace, median", statistics.median(seconds), "s")
    yield Figure("trace, slowest", max(seconds), "s")


def _of_replays(replays: list[tuple[float, Replay]]) -> Iterator[Figure]:
    yield Figure("replay, median", statistics.median(seconds for seconds, _ in replays), "s")
    slowest, found = max(replays, key=lambda each: each[0])
    yield Figure("replay, slowest", slowest, "s")
    yield Figure("records that it read", found.loaded.contributing + found.loaded.context, "records")
    yield Figure("bodies that it read", found.loaded.body_bytes / MEGABYTE, "MB")
    for part in found.seconds:
        seconds = statistics.median(each.seconds[part] for _, each in replays)
        yield Figure(f"replay: {part}, median", seconds, "s")


def _traced(con: duckdb.DuckDBPyConnection, workspace: Workspace, cell: Cell) -> float:
    metric, service, start = cell
    with (
        stopwatch() as watch,
        open_ledger(workspace, workspace.settings()) as ledger,
        closing(EvidenceStore(workspace.evidence, ledger, random_bytes=secrets.token_bytes)) as store,
    ):
        found = trace(
            con,
            metric,
            scope_kind="service",
            scope_id=service,
            period_grain="month",
            period_start=start,
            records=store,
            ledger=ledger,
        )
    assert found.is_proven, f"{cell} is not proven"
    return watch.seconds


def _replayed(con: duckdb.DuckDBPyConnection, build: StoredBuild, cell: Cell) -> tuple[float, Replay]:
    metric, service, start = cell
    begun = time.perf_counter()
    found = replay_cell(con, CellName(metric, "service", service, Period("month", start)), build)
    assert found.is_equal, f"{cell}: {found.differences}"
    return time.perf_counter() - begun, found
