"""Which columns a publication's files have, as the queries that make them: for column lineage.

The files are named as they lie in the publication's folder: `marts/mart_dora_weekly.parquet`, `assay.xlsx:…`.
"""

from collections.abc import Iterator

import duckdb

from publishing.flat_files import csv_query, is_exported
from publishing.tables import Table, public_tables, quoted
from publishing.withholding import published_select


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
    for table in public_tables(con, str(found[0])):
        yield _published(table), published_select(table, ())
        if is_exported(table):
            columns = ", ".join(quoted(name) for name in table.columns)
            copied = f'select {columns} from "{_published(table)}"'
            yield f"marts/{table.name}.parquet", copied
            yield f"assay.xlsx:{table.name}", copied
            yield f"marts/{table.name}.csv", csv_query(table, f'"{_published(table)}"')


def _published(table: Table) -> str:
    return f"analyst.duckdb:{table.name}"
