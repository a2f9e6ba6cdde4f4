"""The simulated organisation's own warehouse on both sides: the dashboard's SQL beside what is published."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from benchmarks.against_sql.loading import TABLES
from benchmarks.against_sql.questions import Asked
from benchmarks.house import House
from orchestration.profiles.rendering import relation

ANALYSTS_FILE = "analyst.duckdb"
LAST_WHOLE_QUARTER = """
    select scope_kind || ':' || scope_id, period_start, period_end
    from marts.mart_profile_comparison
    where scope_kind = 'organisation' and period_grain = 'quarter' and not is_partial
    order by period_start desc
    limit 1
"""


@contextmanager
def domain_tables(house: House) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse's tables of the peer's shape under the names that loading takes them by."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'; create schema profile")
        warehouse = house.workspace("built").warehouse
        connection.execute(f"attach '{warehouse}' as warehouse (read_only)")
        for model in TABLES.values():
            # an incident of several services is one row of the peer's
            once = "qualify row_number() over (partition by id order by scope_id) = 1"
            kept = once if model == "int_domain__incidents" else ""
            connection.execute(
                f"create view {relation(model)} as select * from warehouse.intermediate.{model} {kept}"
            )
        yield connection


@contextmanager
def publication(house: House) -> Iterator[duckdb.DuckDBPyConnection]:
    """The file that analysts read."""
    with duckdb.connect(_analysts_file(house), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection


def last_quarter(published: duckdb.DuckDBPyConnection) -> Asked:
    """The organisation in the last quarter that it has whole."""
    ((project, begins, ends),) = published.execute(LAST_WHOLE_QUARTER).fetchall()
    return Asked(project, begins, ends)


def _analysts_file(house: House) -> Path:
    return house.workspace("built").current.resolve() / ANALYSTS_FILE
