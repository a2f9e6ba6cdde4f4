"""Reading the column lineage of every model, anew and unchanged, beside parsing the same SQL."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb

from benchmarks.figures import Figure
from benchmarks.house import House
from benchmarks.measuring import stopwatch
from lineage.columns.layouts import parse
from orchestration.column_lineage.recording import model_queries, read_column_lineage
from orchestration.dbt_runner import DbtProject


def measure(factor: int) -> Iterator[Figure]:
    """Read the lineage of a built warehouse twice: with an empty cache and with a full one."""
    workspace = House(factor).built().workspace("built")
    compiled = DbtProject(workspace).compiled_manifest()
    queries = model_queries(compiled)
    yield Figure("models and steps", len(queries), "queries")
    with stopwatch() as parsing:
        for query in queries:
            parse(query.sql)
    with (
        duckdb.connect(str(workspace.warehouse), read_only=True) as con,
        tempfile.TemporaryDirectory() as folder,
    ):
        cache = Path(folder) / "cache.json"
        with stopwatch() as cold:
            found = read_column_lineage(con, compiled, cache=cache)
        with stopwatch() as unchanged:
            assert read_column_lineage(con, compiled, cache=cache) == found
    yield Figure("edges", len(found.edges), "edges")
    resolved, total = found.resolved_share("marts.")
    yield Figure("resolved columns of marts", 100 * resolved / total, "%")
    yield Figure("read anew, exports included", cold.seconds, "s", parsing.seconds, "parsing the models' SQL")
    yield Figure("read unchanged", unchanged.seconds, "s", parsing.seconds, "parsing the models' SQL")
