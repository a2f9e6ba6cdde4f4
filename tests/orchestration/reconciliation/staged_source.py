"""A source on loopback that was read and staged by the models' own SQL, to be asked again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from connectors.evidence import EvidenceStore
from orchestration.reconciliation.asked import Answering, AskedSource
from orchestration.reconciliation.restaging import attached_vault
from orchestration.reconciliation.samples import SamplePlan, sample_source
from orchestration.reconciliation.totals import count_source
from orchestration.steps.raw_schema import Evidence
from orchestration.stream_contracts import contracts_of
from quality_checks.comparisons import compare
from quality_checks.results import CheckResult
from quality_checks.source_answers import SAMPLED_RECORDS, SOURCE_TOTALS, write_answers
from quality_checks.source_comparisons import source_comparisons
from tests.dbt_project.warehouse import Warehouse
from tests.parsed import compiled_manifest

EVERY = 10_000


@dataclass
class StagedSource:
    """A source and the staging tables of some of its streams."""

    kind: str
    source: Any
    store: EvidenceStore
    warehouse: Warehouse
    since: date | None = None
    spoiled: bool = False
    staged: tuple[str, ...] = ()

    def write_anew(self) -> None:
        """Write what was staged anew where somebody has spoiled it, and forget the answers."""
        if self.spoiled:
            self.stage(*self.staged)
        self.spoiled = False
        with self.warehouse.connection() as con:
            con.execute("create schema if not exists quality")
            for table in (SAMPLED_RECORDS, SOURCE_TOTALS):
                write_answers(con, table, ())

    def stage(self, *streams: str) -> None:
        """Build the staging models of these streams, in this order, from all that was read."""
        evidence = Evidence(
            log_size=self.store.ledger.size("payload"),
            files=self.store.committed_files(),
            windows=self.store.windows(),
            kinds={self.kind: self.kind},
            redactions=pa.table(
                {"log_index": pa.array([], pa.int64()), "json_paths": pa.array([], pa.list_(pa.string()))}
            ),
        )
        self.warehouse.prepare(evidence)
        self.staged = streams
        nodes = compiled_manifest()["nodes"]
        with self.warehouse.connection() as con, attached_vault(con, self.warehouse.vault_file):
            con.execute("create schema if not exists staging")
            for stream in streams:
                model = f"stg_{self.kind}__{stream}"
                kind = (
                    "view" if nodes[f"model.assay.{model}"]["config"]["materialized"] == "view" else "table"
                )
                sql = nodes[f"model.assay.{model}"]["compiled_code"]
                con.execute(f"create or replace {kind} staging.{model} as {sql}")

    def spoil(self, sql: str) -> None:
        """Change the warehouse by hand."""
        self.spoiled = True
        with self.warehouse.connection() as con:
            con.execute(sql)

    def samples(
        self, *streams: str, count: int = EVERY, seed: str = "a", problem: str | None = None
    ) -> list[dict[str, Any]]:
        """Fetch records of these streams again; keep the verdicts."""
        asked = self._asked(streams, problem)
        plan = SamplePlan(count=count, seed=seed, manifest=compiled_manifest())
        with self.warehouse.connection() as con, attached_vault(con, self.warehouse.vault_file):
            rows = list(sample_source(con, asked, plan))
            write_answers(con, SAMPLED_RECORDS, rows)
        return rows

    def totals(self, *streams: str, count: int = EVERY, problem: str | None = None) -> list[dict[str, Any]]:
        """Ask for the totals of these streams; keep them."""
        with self.warehouse.connection() as con:
            rows = list(count_source(con, self._asked(streams, problem), count=count, seed="a"))
            write_answers(con, SOURCE_TOTALS, rows)
        return rows

    def red(self) -> Mapping[tuple[str, str], CheckResult]:
        """The checks that are red, by name and the stream's name."""
        with self.warehouse.connection() as con:
            for table in (SAMPLED_RECORDS, SOURCE_TOTALS):
                con.execute("create schema if not exists quality")
                if not _exists(con, table):
                    write_answers(con, table, ())
            streams = contracts_of({self.kind})
            results = [
                result
                for comparison in source_comparisons(streams)
                for result in compare(con, comparison, scope="all", streams=streams)
            ]
        return {
            (result.name, result.subject.rpartition("__")[2]): result
            for result in results
            if not result.is_passed
        }

    def _asked(self, streams: Sequence[str], problem: str | None) -> AskedSource:
        assert isinstance(self.source, Answering)
        by_name = {stream.name: stream for stream in self.source.streams}  # type: ignore[attr-defined] # both have
        return AskedSource(
            name=self.kind,
            kind=self.kind,
            source=self.source,
            streams=tuple(by_name[name] for name in streams),
            run_id="ask",
            since=self.since,
            has_end=False,
            problem=problem,
        )


def verdicts(rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """The different verdicts."""
    return {row["verdict"] for row in rows}


def _exists(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    found = con.execute(
        "select 1 from duckdb_tables() where concat(schema_name, '.', table_name) = ?", [table]
    ).fetchone()
    return found is not None


def folder_of(path: Path) -> Warehouse:
    """A warehouse below a folder."""
    return Warehouse(path / "warehouse")
