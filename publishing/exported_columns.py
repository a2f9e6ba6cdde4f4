"""Which columns a publication's files have, as the queries that make them: for column lineage.

The files are named as they lie in the publication's folder: `marts/mart_dora_weekly.parquet`, `assay.xlsx:…`,
and `report.html:…` with what the report shows: its values, metrics, service levels, streams and caveats.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

import duckdb

from publishing.caveats import CAVEATS_SQL
from publishing.completeness import GAPS_SQL, STREAMS_SQL
from publishing.figures import METRICS_SQL, NEWEST_PATH, SERVICES_SQL, TEAMS_SQL, VALUES_SQL
from publishing.flat_files import csv_query, is_exported
from publishing.service_levels import LEVELS_SQL, OF_MONTH, OF_OWN_WINDOW
from publishing.tables import Table, public_tables, quoted
from publishing.withholding import published_select

SHOWN: Final[Mapping[str, str]] = {
    "report.html:values": VALUES_SQL,
    "report.html:metrics": METRICS_SQL,
    "report.html:services": SERVICES_SQL,
    "report.html:teams": TEAMS_SQL.format(newest=NEWEST_PATH),
    "report.html:service_levels_of_month": LEVELS_SQL.format(condition=OF_MONTH),
    "report.html:service_levels": LEVELS_SQL.format(condition=OF_OWN_WINDOW),
    "report.html:streams": STREAMS_SQL,
    "report.html:gaps": GAPS_SQL,
    **{f"report.html:caveat_{name}": sql for name, sql in CAVEATS_SQL.items()},
    "assay.xlsx:Summary": VALUES_SQL,
}
"""What people read off a page instead of a table, by the queries that the page is drawn of."""
_MART: Final = re.compile(r"\bmarts\.(\w+)")


def exported_relations(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str]]:
    """Yield each published relation and the SQL that makes its columns, each after those that it reads.

    Args:
        con: The warehouse; where it cannot be published yet, nothing is yielded.
    """
    found = con.execute("select current_database()").fetchone()
    present = con.execute(
        "select count(*) from duckdb_columns() where schema_name = 'marts' and table_name = 'dim_metrics'"
    ).fetchone()
    if found is None or present is None or not present[0]:
        return
    tables = public_tables(con, str(found[0]))
    for table in tables:
        yield _published(table), published_select(table, ())
        if is_exported(table):
            columns = ", ".join(quoted(name) for name in table.columns)
            copied = f'select {columns} from "{_published(table)}"'
            yield f"marts/{table.name}.parquet", copied
            yield f"assay.xlsx:{table.name}", copied
            yield f"marts/{table.name}.csv", csv_query(table, f'"{_published(table)}"')
    yield from _shown({table.name for table in tables})


def _shown(published: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield what pages show, as far as the tables that they read are published."""
    for name, sql in SHOWN.items():
        if set(_MART.findall(sql)) <= set(published):
            yield name, _MART.sub(r'"analyst.duckdb:\1"', sql)


def _published(table: Table) -> str:
    return f"analyst.duckdb:{table.name}"
