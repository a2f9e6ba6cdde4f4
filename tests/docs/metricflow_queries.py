"""MetricFlow's own engine over a published file: the SQL that it makes of a question, and the answers."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup


class _Dialect:
    """All that the engine asks of a client to put a question into SQL."""

    sql_engine_type = SqlEngine.DUCKDB
    sql_plan_renderer = DuckDbSqlPlanRenderer()


@dataclass(frozen=True, slots=True)
class MetricFlow:
    """The engine with the definitions of the project, over one file."""

    engine: MetricFlowEngine
    con: duckdb.DuckDBPyConnection

    def ask(self, metrics: Sequence[str], *by: str) -> list[dict[str, Any]]:
        """Answer as `mf query --metrics … --group-by …` does."""
        request = MetricFlowQueryRequest.create(metric_names=list(metrics), group_by_names=list(by))
        sql = self.engine.explain(request).sql_statement.sql
        return list(self.con.execute(sql).to_arrow_table().to_pylist())


@contextmanager
def metricflow(published: Path, semantic_manifest: Path) -> Iterator[MetricFlow]:
    """Open a published file read-only under the name that the models have in the warehouse."""
    manifest = parse_manifest_from_dbt_generated_manifest(semantic_manifest.read_text(encoding="utf-8"))
    engine = MetricFlowEngine(SemanticManifestLookup(manifest), _Dialect())  # type: ignore[arg-type] # see there
    with duckdb.connect(":memory:") as con:
        con.execute(f"attach '{published}' as assay (read_only); set TimeZone = 'UTC'")
        yield MetricFlow(engine, con)
