"""The columns of `raw.evidence_pages`: the same where a warehouse is built and where a number is replayed."""

from collections.abc import Mapping

PAGE_COLUMNS: Mapping[str, str] = {
    "log_index": "bigint",
    "source": "varchar",
    "stream": "varchar",
    "scope": "varchar",
    "parent_key": "varchar",
    "window_id": "varchar",
    "sequence": "integer",
    "method": "varchar",
    "url": "varchar",
    "status": "integer",
    "headers": "varchar",
    "fetched_at": "timestamptz",
    "run_id": "varchar",
    "body_sha256": "varchar",
    "record_count": "integer",
    "body": "blob",
}
"""By name, the type that DuckDB gives it."""
