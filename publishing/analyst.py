"""The analysts' database: every published table in one DuckDB file that depends on nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb

from governance.gate import Decision, Stage
from lineage.columns import copy_tables, has_tables
from publishing.context import CheckResult, PublicationContext
from publishing.errors import PublicationInputError
from publishing.gate_tables import (
    DISPUTED_CELLS,
    GATE_CELLS,
    write_disputed_cells,
    write_gate_cells,
    write_gate_decisions,
)
from publishing.review import Review, Withholding, review_metrics
from publishing.tables import Table, public_tables, quoted, read_tables, refuse_person_keys
from publishing.withholding import published_select

_WAREHOUSE = "assay"  # views in it name it so
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}

_WINDOW_COLUMNS = (
    "window_index",
    "source",
    "stream",
    "scope",
    "parent_key",
    "requested_from",
    "requested_until",
    "started_at",
    "closed_at",
    "claimed_total",
    "record_count",
)

# ICU sits in the engine itself; time zones need it loaded
_SETTINGS = "set TimeZone = 'UTC'; set preserve_insertion_order = true"


def review_warehouse(
    warehouse: Path,
    context: PublicationContext,
    *,
    at: datetime,
    stage: Stage = "publication",
    only: str | None = None,
    as_tier: str | None = None,
) -> Review:
    """Ask the gate about every metric of a warehouse.

    Args:
        warehouse: The built file; nobody may have it open for writing.
        context: Everything else that the gate looks at.
        at: The instant of the decision.
        stage: Whether this is a build or a publication.
        only: One metric to ask about.
        as_tier: A stricter tier to ask about than the policy's.

    Raises:
        PublicationInputError: the warehouse cannot be read, or a policy is wrong.
    """
    with duckdb.connect(config=_CONFIG) as con:
        _attach(con, warehouse)
        public_tables(con, _WAREHOUSE)
        return review_metrics(con, _WAREHOUSE, context, at=at, stage=stage, only=only, as_tier=as_tier)


def build_analyst_database(
    warehouse: Path,
    target: Path,
    *,
    review: Review,
    checks: Sequence[CheckResult],
) -> list[Table]:
    """Copy what is published into a new file and return its tables.

    Args:
        warehouse: What was built.
        target: The new file.
        review: What the gate lets through.
        checks: What is shown of the quality checks.

    Raises:
        PublicationInputError: the warehouse cannot be read.
        PersonKeyError: a person's token would have been copied.
    """
    with duckdb.connect(str(target), config=_CONFIG) as con:
        con.execute(_SETTINGS)
        _attach(con, warehouse)
        con.execute("create schema marts; create schema quality; create schema publication")
        write_gate_cells(con, review.cells)
        write_disputed_cells(con, review.disputed)
        _copy_marts(con, review.withholdings)
        _create_checks(con, checks)
        _copy_windows(con)
        _copy_streams(con)
        _copy_drift(con)
        if has_tables(con, _WAREHOUSE):
            copy_tables(con, _WAREHOUSE)
        con.execute(f"detach {_WAREHOUSE}")
        refuse_person_keys(con, target.stem)
        return read_tables(con, target.stem)


def rebuild_marts(
    warehouse: Path,
    target: Path,
    *,
    published: Path,
    withholdings: Sequence[Withholding],
    threads: int | None = None,
) -> list[Table]:
    """Copy the marts of a warehouse that was built again, with what the gate kept back at the time kept back.

    Args:
        warehouse: What was built again.
        target: The new file.
        published: The analysts' database of the publication: it says which single values were let through,
            and which were disputed.
        withholdings: What the gate kept back then, by metric.
        threads: How many threads; as many as the machine has where None.
    """
    config = {**_CONFIG, **({"threads": threads} if threads else {})}
    with duckdb.connect(str(target), config=config) as con:
        con.execute(_SETTINGS)
        _attach(con, warehouse)
        con.execute("create schema marts; create schema publication")
        path = str(published).replace("'", "''")
        con.execute(f"attach '{path}' as published (read_only)")
        for table in (GATE_CELLS, DISPUTED_CELLS):
            con.execute(f"create table {table} as from published.{table}")
        con.execute("detach published")
        _copy_marts(con, withholdings)
        con.execute(f"detach {_WAREHOUSE}")
        return read_tables(con, target.stem)


def _copy_marts(con: duckdb.DuckDBPyConnection, withholdings: Sequence[Withholding]) -> None:
    for table in public_tables(con, _WAREHOUSE):
        con.execute(f"create table marts.{quoted(table.name)} as {published_select(table, withholdings)}")


def write_about(target: Path, about: Mapping[str, str], decisions: Sequence[Decision]) -> None:
    """Write into the schema `publication` what this is and what the gate decided."""
    with duckdb.connect(str(target), config=_CONFIG) as con:
        con.execute("create table publication.about (name varchar not null, value varchar not null)")
        con.execute(
            "insert into publication.about select unnest($names::varchar[]), unnest($values::varchar[])",
            {"names": list(about), "values": list(about.values())},
        )
        write_gate_decisions(con, "publication.metrics", decisions)
        con.execute("checkpoint")


@contextmanager
def open_published(path: Path, *, threads: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an analysts' database read-only, in UTC."""
    config = dict(_CONFIG)
    if threads:
        config["threads"] = threads
    with duckdb.connect(str(path), read_only=True, config=config) as con:
        con.execute("set TimeZone = 'UTC'")
        yield con


def _attach(con: duckdb.DuckDBPyConnection, warehouse: Path) -> None:
    if not warehouse.exists():
        raise PublicationInputError(f"there is no warehouse at {warehouse}; `assay run` builds it")
    path = str(warehouse).replace("'", "''")
    try:
        con.execute(f"attach '{path}' as {_WAREHOUSE} (read_only)")
    except duckdb.Error as error:
        raise PublicationInputError(
            f"cannot read the warehouse {warehouse}: {error}. Close whatever has it open, and publish again"
        ) from error


def _copy_windows(con: duckdb.DuckDBPyConnection) -> None:
    """Copy the fetches of whole places or spans of time: they show who looked where a trace finds nothing."""
    present = {
        row[0]
        for row in con.execute(
            "select column_name from duckdb_columns() where database_name = $1 and schema_name = 'raw' "
            "and table_name = 'fetch_windows'",
            [_WAREHOUSE],
        ).fetchall()
    }
    if present.issuperset(_WINDOW_COLUMNS):
        kind = ", kind" if "kind" in present else ""
        con.execute(
            "create schema evidence; create table evidence.fetch_windows as "
            f"select {', '.join(_WINDOW_COLUMNS)}{kind} from {_WAREHOUSE}.raw.fetch_windows "
            "where parent_key is null or requested_until is not null order by window_index"
        )


def _copy_streams(con: duckdb.DuckDBPyConnection) -> None:
    """Copy which streams each fact is made of: where one would have been, had there been one."""
    found = con.execute(
        "select 1 from duckdb_tables() where database_name = $1 and schema_name = 'intermediate' "
        "and table_name = 'int_metric_streams'",
        [_WAREHOUSE],
    ).fetchone()
    if found is not None:
        con.execute(
            "create schema if not exists evidence; create table evidence.fact_streams as "
            f"select fact_relation, kind, stream from {_WAREHOUSE}.intermediate.int_metric_streams "
            "order by fact_relation, kind, stream"
        )


def _copy_drift(con: duckdb.DuckDBPyConnection) -> None:
    """Copy how the formats of sources have changed, without the addresses of pages."""
    found = con.execute(
        "select 1 from duckdb_tables() where database_name = $1 and schema_name = 'quality' "
        "and table_name = 'source_drift'",
        [_WAREHOUSE],
    ).fetchone()
    if found is not None:
        con.execute(
            "create table quality.source_drift as select * exclude (first_url) "
            f"from {_WAREHOUSE}.quality.source_drift "
            "order by first_record_id, source, stream, json_path, drift_kind, is_now"
        )


def _create_checks(con: duckdb.DuckDBPyConnection, checks: Sequence[CheckResult]) -> None:
    con.execute(
        "create table quality.check_results "
        "(name varchar, subject varchar, severity varchar, is_passed boolean, message varchar)"
    )
    rows = [(one.name, one.subject, one.severity, one.is_passed, one.message) for one in checks]
    columns = list(zip(*rows, strict=True)) or [(), (), (), (), ()]
    con.execute(
        "insert into quality.check_results select unnest($1::varchar[]), unnest($2::varchar[]), "
        "unnest($3::varchar[]), unnest($4::boolean[]), unnest($5::varchar[])",
        [list(column) for column in columns],
    )
