"""Making rows of records that were fetched again, by the very SQL that makes staging's rows."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa

from connectors.http.questions import Reply
from lineage.page_columns import PAGE_COLUMNS

RESTAGED = "temp.restaged_samples"
_PAGES = "sampled_pages"
_TYPES = {
    "bigint": pa.int64(),
    "integer": pa.int32(),
    "varchar": pa.string(),
    "blob": pa.binary(),
    "timestamptz": pa.timestamp("us", "UTC"),
}


@contextmanager
def attached_vault(con: duckdb.DuckDBPyConnection, vault: Path) -> Iterator[None]:
    """Attach the vault under the name that compiled models know, to be read only."""
    place = str(vault).replace("'", "''")
    con.execute(f"attach '{place}' as vault (read_only)")
    try:
        yield
    finally:
        con.execute("detach vault")


def restage(
    con: duckdb.DuckDBPyConnection,
    manifest: Mapping[str, Any],
    *,
    table: str,
    source: str,
    replies: Sequence[Reply],
) -> None:
    """Write the rows of the replies into `RESTAGED`, with the columns that the stream's model has.

    Args:
        con: The warehouse, with the vault attached.
        manifest: The project as dbt compiles it for a build from the beginning.
        table: The stream, as in `github__pull_requests`.
        source: Name of the source.
        replies: What was answered; those without a page are left out.
    """
    project = manifest["metadata"]["project_name"]
    model = manifest["nodes"][f"model.{project}.stg_{table}"]
    read = manifest["sources"][f"source.{project}.raw.{table}__new"]["relation_name"]
    pages = [_page(reply, source) for reply in replies if reply.log_index is not None]
    schema = pa.schema([(name, _TYPES[kind]) for name, kind in PAGE_COLUMNS.items()])
    con.register(_PAGES, pa.Table.from_pylist(pages, schema=schema))
    try:
        compiled = model["compiled_code"].replace(read, _PAGES)
        con.execute(f"create or replace temp table {RESTAGED.partition('.')[2]} as {compiled}")
    finally:
        con.unregister(_PAGES)


def _page(reply: Reply, source: str) -> dict[str, Any]:
    """A page that lists the one record, wherever it stands in the answer."""
    question = reply.question
    return {
        "log_index": reply.log_index,
        "source": source,
        "scope": question.scope,
        "parent_key": question.parent_key,
        "url": question.place,
        "body": b"[" + record_in(reply.body, question.envelope) + b"]",
    }


def record_in(body: bytes, envelope: str | None) -> bytes:
    """Return the record of an answer as it stands there; null where there is none."""
    raw = msgspec.Raw(body)
    for name in envelope.split(".") if envelope else ():
        try:
            raw = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])[name]
        except (msgspec.ValidationError, KeyError):
            return b"null"
    return bytes(raw)
