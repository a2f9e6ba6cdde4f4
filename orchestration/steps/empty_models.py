"""Staging tables of streams without a page: made from their contracts, so that dbt need not build them.

Most workspaces read a few kinds of source. The models of all the others stand in the project, and facts read
them, so their tables must be there; building each of them would cost more than the build itself.
"""

from collections.abc import Iterable, Mapping

import duckdb

from orchestration.steps.raw_schema import Evidence


def empty_models(evidence: Evidence, models: Iterable[str]) -> frozenset[str]:
    """Say which of these staging models read streams without a page.

    Args:
        evidence: what the build reads.
        models: names of models.
    """
    streams = [stream.model for stream in evidence.streams if not evidence.files_of(stream)]
    return frozenset(model for model in models if any(_is_of(model, stream) for stream in streams))


def create_empty_models(con: duckdb.DuckDBPyConnection, models: Mapping[str, Mapping[str, str]]) -> None:
    """Make the staging tables that are missing. Call it after `build_raw_schema`.

    Args:
        con: the warehouse, open for writing.
        models: types by name of the columns, for each model.
    """
    held = con.execute("select table_name from duckdb_tables() where schema_name = 'staging'").fetchall()
    for model in sorted(models.keys() - {name for (name,) in held}):
        typed = ", ".join(f'"{name}" {data_type}' for name, data_type in models[model].items())
        con.execute(f"create table staging.{model} ({typed})")


def _is_of(model: str, stream: str) -> bool:
    """Whether a model reads a stream's pages: its own, or one of what stands nested in its records."""
    return model == stream or model.startswith(f"{stream}__")
