"""Staging tables of streams without a page: made from their contracts, so that dbt need not build them.

Most workspaces read a few kinds of source. The models of all the others stand in the project, and facts read
them, so their tables must be there; building each of them would cost more than the build itself.
"""

from collections.abc import Mapping

import duckdb

from orchestration.steps.raw_schema import Evidence


def create_empty_models(
    con: duckdb.DuckDBPyConnection, evidence: Evidence, columns: Mapping[str, Mapping[str, str]]
) -> frozenset[str]:
    """Make the missing staging tables of streams without pages. Call it after `build_raw_schema`.

    Args:
        con: the warehouse, open for writing.
        evidence: what the build reads.
        columns: types by name of the columns, for each model whose contract states them all.

    Returns:
        The models that need no building, whether their tables were made now or before.
    """
    streams = [stream.model for stream in evidence.streams if not evidence.files_of(stream)]
    empty = {model for model in columns if any(_is_of(model, stream) for stream in streams)}
    held = con.execute("select table_name from duckdb_tables() where schema_name = 'staging'").fetchall()
    for model in sorted(empty - {name for (name,) in held}):
        typed = ", ".join(f'"{name}" {data_type}' for name, data_type in columns[model].items())
        con.execute(f"create table staging.{model} ({typed})")
    return frozenset(empty)


def _is_of(model: str, stream: str) -> bool:
    """Whether a model reads a stream's pages: its own, or one of what stands nested in its records."""
    return model == stream or model.startswith(f"{stream}__")
