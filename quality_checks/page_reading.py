"""Reading the bodies of many pages, some at a time."""

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb

PAGES_HELD = 128  # DuckDB hands over up to 2,048 rows at once, and a page may have megabytes


def read_pages(
    con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str], wanted: Sequence[int]
) -> Iterator[tuple[Any, ...]]:
    """Read pages in the order of the log: the columns, and last the body where DuckDB decoded it.

    Bodies are not copied: pages are large, and a copy of each costs more than to parse it.

    Args:
        con: The warehouse; it may be written while pages are read.
        relation: The view over the pages of a stream.
        columns: What to read of each page beside its body.
        wanted: The pages' indexes in the log, ascending.
    """
    with con.cursor() as reader:
        for first in range(0, len(wanted), PAGES_HELD):
            some = wanted[first : first + PAGES_HELD]
            # literals, so that whole Parquet row groups are skipped
            query = f"""
                select {", ".join(columns)}, body
                from {relation}
                where log_index between {some[0]} and {some[-1]}
                    and log_index in ({", ".join(map(str, some))})
            """
            for batch in reader.execute(query).to_arrow_reader(PAGES_HELD):
                named = (column.to_pylist() for column in batch.columns[:-1])
                yield from zip(*named, map(_body, batch.column("body")), strict=True)


def _body(value: Any) -> memoryview:
    return memoryview(value.as_buffer())
