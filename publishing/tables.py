"""What a publication takes from the warehouse: every table of `marts`, without any person's key."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from publishing.errors import PersonKeyError, PublicationInputError

MART_SCHEMA = "marts"
REQUIRED = ("dim_metrics", "mart_metric_values")
TOKEN_PATTERN = "p_[0-9a-f]{32}"  # noqa: S105 - the shape of a token, not one
_PERSON_COLUMN = re.compile(r"(^|_)(token|tokens|account_key|account_keys|person_key|person_id|login|email)$")
_PERSON_TABLES = ("dim_people",)
_TEXT_TYPES = ("VARCHAR", "JSON", "STRUCT", "MAP", "UNION")


@dataclass(frozen=True, slots=True)
class Table:
    """A table and its columns with their types, in order."""

    catalog: str
    schema: str
    name: str
    columns: Mapping[str, str]

    @property
    def relation(self) -> str:
        """The table's full quoted name."""
        return ".".join(quoted(part) for part in (self.catalog, self.schema, self.name) if part)


def quoted(name: str) -> str:
    """Quote an identifier."""
    return '"' + name.replace('"', '""') + '"'


def read_tables(con: duckdb.DuckDBPyConnection, catalog: str, schema: str = MART_SCHEMA) -> list[Table]:
    """List a schema's tables and views with their columns, ordered by name."""
    rows = con.execute(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where database_name = $catalog and schema_name = $schema and not internal "
        "order by table_name, column_index",
        {"catalog": catalog, "schema": schema},
    ).fetchall()
    columns: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        columns.setdefault(table, {})[column] = kind
    return [Table(catalog, schema, name, found) for name, found in columns.items()]


def public_tables(con: duckdb.DuckDBPyConnection, catalog: str) -> list[Table]:
    """List what may be published: tables about people are left out, and so are columns that key a person.

    Raises:
        PublicationInputError: the warehouse has no metric definitions or no metric values.
    """
    tables = {table.name: table for table in read_tables(con, catalog)}
    missing = [name for name in REQUIRED if name not in tables]
    if missing:
        raise PublicationInputError(
            f"the warehouse has no {MART_SCHEMA}.{missing[0]}; run `assay run` so that the models are built"
        )
    return [
        Table(table.catalog, table.schema, table.name, _public_columns(table))
        for table in tables.values()
        if table.name not in _PERSON_TABLES
    ]


def refuse_person_keys(con: duckdb.DuckDBPyConnection, catalog: str) -> None:
    """Look through every text of every table for something that has the form of a person's token.

    Raises:
        PersonKeyError: there is one; table and column are named, the token is not.
    """
    schemas = con.execute(
        "select distinct schema_name from duckdb_tables() where database_name = $1 order by 1", [catalog]
    ).fetchall()
    for (schema,) in schemas:
        for table in read_tables(con, catalog, schema):
            _refuse_in_table(con, table)


def _refuse_in_table(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    texts = [name for name, kind in table.columns.items() if kind.upper().startswith(_TEXT_TYPES)]
    if not texts:
        return
    tests = ", ".join(
        f"coalesce(bool_or(regexp_matches({quoted(name)}::varchar, '{TOKEN_PATTERN}')), false)"
        for name in texts
    )
    found = con.execute(f"select {tests} from {table.relation}").fetchone() or ()
    for name, is_found in zip(texts, found, strict=True):
        if is_found:
            raise PersonKeyError(
                f"{table.schema}.{table.name}.{name} holds a person's token; nothing was published. "
                "Take the column out of the mart, or name it …_token so that publications leave it out"
            )


def _public_columns(table: Table) -> dict[str, str]:
    return {name: kind for name, kind in table.columns.items() if not _PERSON_COLUMN.search(name)}
