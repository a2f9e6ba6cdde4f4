"""What only a value tells: words that nobody declared, and texts that staging cannot read. None is kept."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import duckdb
import pyarrow as pa

from quality_checks.source_drift.contracts import FieldPath, FieldType, written_path
from quality_checks.source_drift.shapes import Seen, ShapeBook

ANOTHER_TEXT: Final = "(another text)"
_WORD = re.compile(r"[A-Za-z][A-Za-z_ -]{0,39}")


class SightingKey(NamedTuple):
    """What tells one sighting from the others of its source and stream."""

    json_path: str
    parent_path: str
    json_type: str
    value: str | None
    is_staged: bool
    is_lost: bool


def judged_values(con: duckdb.DuckDBPyConnection, shapes: ShapeBook) -> Iterator[tuple[SightingKey, Seen]]:
    """Judge what only values tell: words that no declaration knows, and texts that are lost in a cast."""
    fields = {each.path: each for each in shapes.contract.fields}
    casts: dict[FieldType, list[tuple[FieldPath, str, str, Seen]]] = {}
    for (path, json_type, text), seen in shapes.values.items():
        if fields[path].words:
            value = text if _WORD.fullmatch(text) else ANOTHER_TEXT
            yield _key_of_value(path, json_type, value), seen
        else:
            casts.setdefault(fields[path].type, []).append((path, json_type, text, seen))
    for type_, judged in casts.items():
        lost = _lost(con, type_, sorted({text for _, _, text, _ in judged}))
        for path, json_type, text, seen in judged:
            if text in lost:
                yield _key_of_value(path, json_type, None, is_lost=True), seen


def _key_of_value(
    path: FieldPath, json_type: str, value: str | None, *, is_lost: bool = False
) -> SightingKey:
    return SightingKey(written_path(path), written_path(path[:-1]), json_type, value, True, is_lost)  # noqa: FBT003 - a row


def _lost(con: duckdb.DuckDBPyConnection, type_: FieldType, texts: list[str]) -> set[str]:
    """Return the texts that staging cannot read as the type, by its own rules (macro `read_as`)."""
    con.register("sighted_texts", pa.table({"text": pa.array(texts, pa.string())}))
    try:
        rows = con.execute(f"select text from sighted_texts where {_CASTS[type_]} is null").fetchall()
    finally:
        con.unregister("sighted_texts")
    return {text for (text,) in rows}


def _whole_number(type_: str) -> str:
    return (
        f"(case when not contains(text, '.') or try_cast(text as double) = try_cast(text as {type_}) "
        f"then try_cast(text as {type_}) end)"
    )


_CASTS: Final[dict[FieldType, str]] = {
    "bigint": _whole_number("bigint"),
    "integer": _whole_number("integer"),
    "double": "try_cast(text as double)",
    "boolean": "try_cast(text as boolean)",
    "date": "try_cast(text as date)",
    "timestamptz": "try_cast(text as timestamptz)",
    "epoch_seconds": "try_cast(text as decimal(18, 6))",
    "epoch_milliseconds": "try_cast(text as decimal(18, 3))",
}
