"""Which records are fetched again: some of each stream, by chance that the payload log decides."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import duckdb

from connectors.http.pagers import with_parameters
from connectors.http.questions import Item, Question
from connectors.http.streams import HttpStream

_PLACEHOLDER = re.compile(r"{(\w+)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """One row of staging whose record is to be fetched again.

    Attributes:
        record_id: The record that the row was made of.
        question: How it is asked for.
        scope: Scope of the page that the record came from.
        parent_key: Parent's key of that page.
    """

    record_id: int
    question: Question
    scope: str
    parent_key: str | None


def choose(
    con: duckdb.DuckDBPyConnection,
    stream: HttpStream,
    *,
    source: str,
    staging: str,
    count: int,
    seed: str,
    parameters: Mapping[str, str],
) -> list[Chosen]:
    """Return as many records as are wanted, or all where there are fewer.

    Args:
        con: The warehouse.
        stream: The declaration, with the way to one record.
        source: Name of the source.
        staging: The staging table.
        count: How many.
        seed: The same seed and rows give the same choice.
        parameters: Further query parameters of the questions.
    """
    item = stream.item
    if item is None:
        return []
    names = placeholders(item)
    columns = "".join(f', "{name}"::varchar as "{name}"' for name in names)
    complete = " and ".join(f'"{name}" is not null' for name in names) or "true"
    rows = con.execute(
        f"""
        with chosen as (
            select record_id{columns} from {staging}
            where source = $source and {complete}{_still_there(con, item, staging)}
            order by hash(record_id, $seed), record_id limit $count
        )
        select chosen.*, pages.scope, pages.parent_key
        from chosen inner join raw.evidence_pages as pages on pages.log_index = chosen.record_id >> 23
        order by record_id
        """,
        {"source": source, "seed": seed, "count": count},
    ).fetchall()
    return list(_chosen(stream, item, names, rows, parameters))


def _still_there(con: duckdb.DuckDBPyConnection, item: Item, staging: str) -> str:
    """Conditions that leave out what staging knows to be gone at the source."""
    standing = {
        name
        for (name,) in con.execute(
            "select table_name from information_schema.tables where table_schema = 'staging'"
        ).fetchall()
    }
    return "".join(
        f" and not exists (from staging.stg_{each.model} as gone where gone.source = {staging}.source "
        f'and gone."{each.column}" = {staging}."{each.column}" and gone.{each.flag or "source is not null"})'
        for each in item.goings
        if f"stg_{each.model}" in standing
    )


def placeholders(item: Item) -> list[str]:
    """Return the columns that an item's path names, each once, in their order."""
    return list(dict.fromkeys(_PLACEHOLDER.findall(item.path)))


def _chosen(
    stream: HttpStream,
    item: Item,
    names: list[str],
    rows: list[tuple[Any, ...]],
    parameters: Mapping[str, str],
) -> Iterator[Chosen]:
    query = dict(item.parameters) | dict(parameters)
    for record_id, *values, scope, parent_key in rows:
        quoted = {
            name: quote(value, safe=stream.scope_safe) for name, value in zip(names, values, strict=True)
        }
        path = item.path.format(**quoted)
        key = " ".join(values) or str(record_id)
        question = Question(
            key=key,
            scope=scope,
            parent_key=parent_key,
            place=with_parameters(path, query) if query else path,
            envelope=item.envelope,
        )
        yield Chosen(record_id=record_id, question=question, scope=scope, parent_key=parent_key)
