"""The rows of a drop as records: key, order, values, and the fields of a purpose beside them."""

import json
from collections.abc import Iterator
from typing import IO, Any

from connectors.drops.declarations import Drop
from connectors.drops.formats import drop_rows
from connectors.files.documents import HeldDocument, Record
from connectors.files.tables import TableError


def rows_in(held: HeldDocument, content: IO[bytes], *, drop: Drop) -> Iterator[Record]:
    """The rows of a file as records, without the columns that name people.

    Args:
        held: The file.
        content: Its bytes.
        drop: What it is declared to be.

    Raises:
        TableError: It is not as declared; the message names line and column.
    """
    seen: set[str] = set()
    staged = [name for name in drop.columns if name not in drop.personal_data]
    for row in drop_rows(drop, content):
        key = json.dumps([row.values[name] for name in drop.key], ensure_ascii=False, separators=(",", ":"))
        if drop.mode == "replace_set":
            if key in seen:
                raise TableError("The key stands in the file twice.", line=row.line, column=drop.key[0])
            seen.add(key)
        record: dict[str, Any] = {
            "delivery": held.key,
            "file": held.sha256,
            "line": row.line,
            "mode": drop.mode,
            "purpose": drop.purpose,
            "key": key,
            "updated_at": row.values[drop.updated_at] if drop.updated_at else None,
            "values": {name: row.values[name] for name in staged},
        }
        for field, column in drop.purpose_columns.items():
            value = row.values[column]
            record[field] = value if value is None else str(value)
        yield record
