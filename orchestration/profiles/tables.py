"""Where a profile's tables come from: a folder of CSV and Parquet files, or a DuckDB file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import duckdb

from orchestration.errors import UsageError

SUFFIXES = (".csv", ".parquet")
CSV_OPTIONS = "all_varchar = true, header = true, allow_quoted_nulls = true, nullstr = ['NULL', '\\N']"


class GivenTables(Protocol):
    """Tables that somebody brings."""

    @property
    def place(self) -> str:
        """The place in words, for messages."""

    def attach(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the tables readable on a connection."""

    def relation(self, connection: duckdb.DuckDBPyConnection, table: str) -> str | None:
        """Return SQL that stands for a table in `from`, or None where there is no such table."""


@dataclass(frozen=True, slots=True)
class FolderTables:
    """A folder with one file per table, named after it.

    A CSV file has a header; a field NULL is empty, an empty field is an empty text.
    """

    folder: Path

    @property
    def place(self) -> str:
        """The place in words, for messages."""
        return str(self.folder)

    def attach(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the tables readable on a connection.

        Raises:
            UsageError: There is no such folder.
        """
        del connection
        if not self.folder.is_dir():
            raise UsageError(
                f"{self.folder} is no folder. Name one that holds a CSV or Parquet file per table."
            )

    def relation(self, connection: duckdb.DuckDBPyConnection, table: str) -> str | None:
        """Return SQL that reads a table's file.

        Raises:
            UsageError: The table is there twice.
        """
        del connection
        found = [self.folder / f"{table}{suffix}" for suffix in SUFFIXES]
        files = [file for file in found if file.is_file()]
        if len(files) > 1:
            raise UsageError(
                f"{self.folder} holds {table} twice, as CSV and as Parquet. Take one of them away."
            )
        if not files:
            return None
        quoted = _text(str(files[0]))
        return (
            f"read_csv({quoted}, {CSV_OPTIONS})" if files[0].suffix == ".csv" else f"read_parquet({quoted})"
        )


@dataclass(frozen=True, slots=True)
class DatabaseTables:
    """A DuckDB file; the tables stand in one schema of it."""

    file: Path
    schema: str = "main"

    @property
    def place(self) -> str:
        """The place in words, for messages."""
        return f"{self.file}, schema {self.schema}"

    def attach(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the tables readable on a connection.

        Raises:
            UsageError: The file is missing, or no database that can be read.
        """
        if not self.file.is_file():
            raise UsageError(f"{self.file} is no file. Name a DuckDB file that holds the tables.")
        try:
            connection.execute(f"attach {_text(str(self.file))} as given (read_only)")
        except duckdb.Error as error:
            raise UsageError(f"{self.file} cannot be read as a DuckDB database: {error}") from error

    def relation(self, connection: duckdb.DuckDBPyConnection, table: str) -> str | None:
        """Return the table's name."""
        found = connection.execute(
            "select table_name from information_schema.tables "
            "where table_catalog = 'given' and table_schema = $1 and table_name = $2",
            [self.schema, table],
        ).fetchall()
        return f'given."{self.schema}"."{table}"' if found else None


def _text(value: str) -> str:
    """Return an SQL literal."""
    return "'" + value.replace("'", "''") + "'"
