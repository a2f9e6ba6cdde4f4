"""What keeping lineage costs a build: its models once as they are, once without the ids of records.

The second time every column of record ids is an empty list, in the same SQL: what is left is what the numbers
need. Staging stands as it is, since a record's id also decides which of two equally old versions counts; the
bytes of its ids are taken off the size.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp

from benchmarks.figures import Figure
from benchmarks.long_history import LongHistory
from benchmarks.measuring import MEGABYTE, cpu_seconds
from benchmarks.trace import BuiltHistory
from lineage.replay import ModelBundle
from lineage.replay.running import Sandbox
from orchestration.dbt_runner import memory_limit
from orchestration.numbers.replaying import CommitGraphStep, ReplayFiles
from orchestration.workspace import Workspace

_ID_LIST = "record_ids"
_NO_IDS = "[]::bigint[]"
_HELD = ("raw", "config", "computed", "staging", "quality")
_STAGED_IDS = """
    select coalesce(sum(len(additional_block_ids) + 1) filter (where block_id >= 0), 0)
    from pragma_storage_info('staging.{}')
    where column_name = 'record_id' and segment_type <> 'VALIDITY'
"""
_BLOCK_BYTES = 262_144


def measure(factor: int) -> Iterator[Figure]:
    """Run every model above staging with and without ids, turn by turn, and compare."""
    built = BuiltHistory(LongHistory(factor))
    said = built.made()
    stored = said["stored"]["models"]
    files = ReplayFiles(built.workspace.replay)
    bundle = ModelBundle.from_bytes(files.fetch(stored), sha256=stored)
    bare = without_ids(bundle)
    runs = [(_run(built.workspace, bare), _run(built.workspace, bundle)) for _ in range(2)]
    bare_seconds, bare_bytes = min(one for one, _ in runs)
    full_seconds, full_bytes = min(one for _, one in runs)
    whole = float(said["transform_cpu"])
    warehouse = built.workspace.warehouse.stat().st_size
    added = full_bytes - bare_bytes + _staged_id_bytes(built.workspace)
    yield Figure(
        "models above staging, CPU", full_seconds, "CPU s", bare_seconds, "the same without ids of records"
    )
    without = whole - max(0.0, full_seconds - bare_seconds)
    yield Figure("full transform, CPU", whole, "CPU s", without, "the same without ids of records")
    yield Figure("tables above staging", full_bytes / MEGABYTE, "MB", bare_bytes / MEGABYTE, "without ids")
    yield Figure("warehouse", warehouse / MEGABYTE, "MB", (warehouse - added) / MEGABYTE, "without ids")


def without_ids(bundle: ModelBundle) -> ModelBundle:
    """Return the same models with every list of record ids empty, above staging."""
    models = {
        name: model if model.is_view or name.startswith("staging.") else replace(model, sql=_bare(model.sql))
        for name, model in bundle.models.items()
    }
    return ModelBundle(models)


def _bare(sql: str) -> str:
    """Put an empty list in the place of each expression that makes a list of ids."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    empty = sqlglot.parse_one(_NO_IDS, read="duckdb")
    for select in tree.find_all(exp.Select):
        for each in select.expressions:
            if each.alias_or_name.endswith(_ID_LIST) and not isinstance(each, exp.Column):
                each.replace(exp.alias_(empty.copy(), each.alias_or_name))
    return tree.sql(dialect="duckdb")


def _run(workspace: Workspace, bundle: ModelBundle) -> tuple[float, int]:
    """Make every model above staging in a new file; return CPU seconds and bytes."""
    with tempfile.TemporaryDirectory(dir=workspace.warehouse.parent) as folder:
        path = Path(folder) / "assay.duckdb"
        with duckdb.connect(config={"memory_limit": memory_limit(), "threads": 2}) as con:
            order = _laid_out(con, workspace, path, bundle)
            sandbox = Sandbox(con, bundle, {name: CommitGraphStep() for name in CommitGraphStep.writes})
            before = cpu_seconds()
            for name in order:
                sandbox.make(name)
            con.execute("checkpoint assay")
            spent = cpu_seconds() - before
        return spent, path.stat().st_size


def _laid_out(
    con: duckdb.DuckDBPyConnection, workspace: Workspace, path: Path, bundle: ModelBundle
) -> list[str]:
    """Attach an empty file that shows the warehouse's staging, and return the models to make in it."""
    con.execute("set TimeZone = 'UTC'")
    con.execute(f"attach '{workspace.warehouse}' as held (read_only)")
    con.execute(f"attach '{workspace.vault}' as vault (read_only)")
    con.execute(f"attach '{path}' as assay; use assay")
    for schema in ("computed", "intermediate", "marts", *_HELD):
        con.execute(f"create schema if not exists {schema}")
    made = {name for name in bundle.models if name.partition(".")[0] in ("intermediate", "marts")}
    made |= set(CommitGraphStep.writes)
    rows = con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'held' union all "
        "select schema_name, view_name from duckdb_views() where database_name = 'held' and not internal"
    ).fetchall()
    for schema, name in rows:
        if schema in _HELD and f"{schema}.{name}" not in made:
            con.execute(f'create view {schema}."{name}" as from held.{schema}."{name}"')
    also = dict.fromkeys(CommitGraphStep.writes, CommitGraphStep.reads)
    return [name for name in bundle.closure(sorted(made), also=also) if name in made]


def _staged_id_bytes(workspace: Workspace) -> int:
    """Return about how many bytes the ids of staged records take on disk."""
    with duckdb.connect(str(workspace.warehouse), read_only=True) as con:
        names = con.execute(
            "select table_name from duckdb_tables() where schema_name = 'staging' and table_name in "
            "(select table_name from duckdb_columns() where column_name = 'record_id')"
        ).fetchall()
        return sum(_blocks(con, name) for (name,) in names) * _BLOCK_BYTES


def _blocks(con: duckdb.DuckDBPyConnection, table: str) -> int:
    row = con.execute(_STAGED_IDS.format(table)).fetchone()
    return int(row[0]) if row else 0
