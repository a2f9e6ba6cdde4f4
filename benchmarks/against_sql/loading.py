"""The same events on both sides: made in DuckDB as the profile's tables, and loaded into MariaDB."""

import tempfile
from datetime import date
from pathlib import Path
from string import Template

import duckdb

from benchmarks.against_sql.questions import DASHBOARD
from benchmarks.against_sql.server import MariaDB
from orchestration.profiles.rendering import in_order, relation, rendered

EVENTS = Path(__file__).parent / "events.sql"
VALUES = "int_devlake_1_0__values"
RANGES = "int_domain__ranges"
DAYS = "int_domain__range_days"
KEPT_BY_THE_PEER = (
    "int_devlake_1_0__deployment_commits",
    "int_devlake_1_0__project_incident_deployment_relationships",
    "int_devlake_1_0__project_pr_metrics",
)
"""What its collector has worked out before a dashboard is opened, and so may ours."""

TABLES = {
    "project_mapping": "int_domain__project_mapping",
    "cicd_deployment_commits": "int_domain__cicd_deployment_commits",
    "pull_requests": "int_domain__pull_requests",
    "project_pr_metrics": "int_devlake_1_0__project_pr_metrics",
    "incidents": "int_domain__incidents",
    "project_incident_deployment_relationships": (
        "int_devlake_1_0__project_incident_deployment_relationships"
    ),
}
"""The peer's tables, and what of ours holds the same rows."""
OF_PROJECTS = ("project_mapping", "project_pr_metrics", "project_incident_deployment_relationships")

PUBLISH = f"""
    create schema published.marts;
    create table published.marts.mart_profile_comparison as
    select
        'devlake_1_0' as profile,
        metric,
        split_part(project_name, ':', 1) as scope_kind,
        split_part(project_name, ':', 2) as scope_id,
        split_part(range_id, ':', 1) as period_grain,
        cast(ranges.from_at at time zone 'UTC' as date) as period_start,
        cast(ranges.until_at at time zone 'UTC' as date) as period_end,
        value as profile_value,
        n as profile_n
    from {relation(VALUES)}
    inner join {relation(RANGES)} as ranges using (range_id)
    order by profile, metric, scope_kind, scope_id, period_grain, period_start
"""


def tell_events(connection: duckdb.DuckDBPyConnection, factor: int) -> None:
    """Make the events of a factor as the tables that the profile reads."""
    connection.execute("create schema profile")
    connection.execute(Template(EVENTS.read_text(encoding="utf-8")).substitute(factor=factor))


def build_values(connection: duckdb.DuckDBPyConnection) -> None:
    """Build the profile as the warehouse does: every project, week, month and quarter."""
    given = _tables(connection)
    for model in in_order([VALUES], given=given):
        if model not in given:
            connection.execute(f"create table {relation(model)} as {rendered(model)}")


def publish_values(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Write the values into a file as the mart that analysts read: its key, its values and its order."""
    connection.execute(f"attach '{file}' as published; {PUBLISH}; detach published")


def leave_to_questions(connection: duckdb.DuckDBPyConnection, begins: date, ends: date) -> None:
    """Leave nothing worked out but what the peer has too; the rest is made when a question is asked.

    The ranges are those of one dashboard then: a quarter and its months.
    """
    domain = [name for name in _tables(connection) if name.startswith("int_domain__")]
    for table in (RANGES, DAYS):
        connection.execute(
            f"delete from {relation(table)} where from_at < $1 or until_at > $2 or range_id like 'week:%'",
            [begins, ends],
        )
    for model in in_order([VALUES], given=domain):
        if model not in (*KEPT_BY_THE_PEER, *domain):
            connection.execute(f"drop table {relation(model)}")
            connection.execute(f"create view {relation(model)} as {rendered(model)}")


def load(
    server: MariaDB, connection: duckdb.DuckDBPyConnection, *, schema: str, projects: str
) -> dict[str, int]:
    """Load the projects whose names are like a pattern into a new schema, and return rows by table."""
    server.run(f"create schema {schema}")
    server.run((DASHBOARD / "schema.sql").read_text(encoding="utf-8"), schema=schema)
    rows = {}
    with tempfile.TemporaryDirectory(dir=server.socket.parent) as folder:
        for table, model in TABLES.items():
            file = Path(folder) / f"{table}.csv"
            kept = f"where project_name like '{projects}'" if table in OF_PROJECTS else ""
            selected = f"select {_columns(server, schema, table)} from {relation(model)} {kept} order by all"
            rows[table] = _write(connection, selected, file)
            server.run(
                f"load data infile '{file}' into table {table} "
                r"fields terminated by ',' optionally enclosed by '\"'",
                schema=schema,
            )
            file.unlink()
    count_values(server, schema)
    return rows


def count_values(server: MariaDB, schema: str) -> None:
    """Let the optimizer know what the tables hold, histograms and all."""
    server.run(f"analyze table {', '.join(f'{table} persistent for all' for table in TABLES)}", schema=schema)


def add_further_indexes(server: MariaDB, schema: str) -> None:
    """Add the indexes that the tool's own schema lacks."""
    server.run((DASHBOARD / "further_indexes.sql").read_text(encoding="utf-8"), schema=schema)
    count_values(server, schema)


def _columns(server: MariaDB, schema: str, table: str) -> str:
    told = server.run(
        "select column_name from information_schema.columns "
        f"where table_schema = '{schema}' and table_name = '{table}' order by ordinal_position;"
    )
    return ", ".join(f'"{name}"' for name in told.split())


def _write(connection: duckdb.DuckDBPyConnection, selected: str, file: Path) -> int:
    row = connection.execute(
        f"copy ({selected}) to '{file}' "
        r"(format csv, header false, nullstr '\N', timestampformat '%Y-%m-%d %H:%M:%S')"
    ).fetchone()
    return int(row[0]) if row else 0


def _tables(connection: duckdb.DuckDBPyConnection) -> set[str]:
    rows = connection.execute(
        "select table_name from duckdb_tables() where schema_name = 'profile'"
    ).fetchall()
    return {str(name) for (name,) in rows}
