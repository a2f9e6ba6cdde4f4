"""The warehouse as the pipeline opens it, and what it remembers of its own builds."""

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import duckdb

from orchestration.errors import BuildFailedError
from orchestration.lock import workspace_lock
from orchestration.workspace import Workspace

_CONFIG: dict[str, str | bool | int | float | list[str]] = {"autoinstall_known_extensions": "false"}
Stage = Literal["models", "checks", "publication"]

_STAGES = """
create schema if not exists build;
create table if not exists build.stages (
    stage varchar, build_id varchar, code_sha256 varchar, log_size bigint, ended_at timestamptz
);
create table if not exists build.models (unique_id varchar, build_id varchar);
create table if not exists build.unfinished (unique_id varchar);
"""


@dataclass(frozen=True, slots=True)
class StageMark:
    """The last build that a stage has brought to its end."""

    build_id: str
    code_sha256: str
    log_size: int
    ended_at: datetime


@contextmanager
def read_between_runs(workspace: Workspace, *, command: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the file being built to look something up while no run is at work; runs wait meanwhile.

    Args:
        workspace: Whose warehouse.
        command: What the lock's holder is called when a run is refused.

    Raises:
        WorkspaceLockedError: a run is at work; it would fail if somebody else had the file open.
        BuildFailedError: it cannot be opened.
    """
    with ExitStack() as stack:
        if os.access(workspace.lock.parent, os.W_OK):  # where nobody may write, no run is at work
            stack.enter_context(workspace_lock(workspace.lock, command=command, at=datetime.now(UTC)))
        yield stack.enter_context(open_warehouse(workspace.warehouse, is_read_only=True))


@contextmanager
def open_warehouse(path: Path, *, is_read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the file being built for the length of the block, in UTC, without fetching extensions.

    Raises:
        BuildFailedError: it cannot be opened.
    """
    try:
        con = duckdb.connect(str(path), read_only=is_read_only, config=_CONFIG)
        con.execute("set TimeZone = 'UTC'")
    except duckdb.Error as error:
        raise BuildFailedError(
            f"The warehouse {path} cannot be opened: {error}. Close what holds it; if it is damaged, "
            "delete it: the next run builds it again from the evidence"
        ) from error
    try:
        yield con
    finally:
        con.close()


def stage_mark(con: duckdb.DuckDBPyConnection, stage: Stage) -> StageMark | None:
    """Return how far a stage has come; None where it never ended."""
    con.execute(_STAGES)
    row = con.execute(
        "select build_id, code_sha256, log_size, ended_at from build.stages where stage = ?", [stage]
    ).fetchone()
    return StageMark(*row) if row else None


def is_stale(con: duckdb.DuckDBPyConnection, log_size: int) -> bool:
    """Whether a check is red that was run over less evidence than there is now."""
    mark = stage_mark(con, "checks")
    if mark is None or mark.log_size == log_size:
        return False
    row = con.execute("select count(*) from quality.check_results where not is_passed").fetchone()
    return row is not None and row[0] > 0


def forget_stage(con: duckdb.DuckDBPyConnection, stage: Stage) -> None:
    """Let a stage be gone through again."""
    con.execute("delete from build.stages where stage = ?", [stage])


def mark_stage(con: duckdb.DuckDBPyConnection, stage: Stage, mark: StageMark) -> None:
    """Record that a stage has brought a build to its end."""
    con.execute(_STAGES)
    con.execute("begin transaction")
    con.execute("delete from build.stages where stage = ?", [stage])
    con.execute(
        "insert into build.stages values (?, ?, ?, ?, ?)",
        [stage, mark.build_id, mark.code_sha256, mark.log_size, mark.ended_at],
    )
    con.execute("commit")


def count_rows(con: duckdb.DuckDBPyConnection, relation: str) -> int:
    """Count the rows of a relation such as `marts.fct_changes`."""
    row = con.execute(f"select count(*) from {relation}").fetchone()
    return int(row[0]) if row else 0


def unfinished_models(con: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Return the models that an earlier build meant to build and did not come to report as complete."""
    con.execute(_STAGES)
    return frozenset(key for (key,) in con.execute("select unique_id from build.unfinished").fetchall())


def mark_unfinished(con: duckdb.DuckDBPyConnection, models: Iterable[str]) -> None:
    """Record what a build is about to do, for the run after a crash; nothing where it is complete."""
    keys = sorted(models)
    con.execute("begin transaction")
    con.execute("delete from build.unfinished")
    con.execute("insert into build.unfinished select unnest(?::varchar[])", [keys])
    con.execute("commit")


def data_versions(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the build that each model's table comes from."""
    con.execute(_STAGES)
    return dict(con.execute("select unique_id, build_id from build.models").fetchall())


def set_data_versions(con: duckdb.DuckDBPyConnection, models: Iterable[str], build_id: str) -> None:
    """Record that the tables of these models come from this build."""
    keys = sorted(models)
    con.execute("begin transaction")
    con.execute("delete from build.models where list_contains(?::varchar[], unique_id)", [keys])
    con.execute("insert into build.models select unnest(?::varchar[]), ?", [keys, build_id])
    con.execute("commit")
