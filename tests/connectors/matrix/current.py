"""What evidence amounts to: the current set of each stream, combined as staging combines it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import pyarrow.parquet as pq

from connectors.evidence import EvidenceStore
from connectors.evidence.record_values import records_of
from connectors.http.instants import text_of
from connectors.http.streams import HttpStream
from connectors.streams import Mode

Place = tuple[str, str | None]
"""Scope and parent."""


@dataclass(frozen=True, slots=True)
class Held:
    """A record in its newest version, and where it was listed."""

    place: Place = field(compare=False)
    record: bytes


Current = Mapping[str, Mapping[str, Held]]
"""The current set of each stream, by key as JSON."""


def current(store: EvidenceStore, streams: tuple[HttpStream, ...], *, base_url: str) -> Current:
    """The current set of every stream; addresses of the server are left out, they differ each time."""
    pages: dict[str, dict[int, dict[str, Any]]] = {}
    for file in store.committed_files():
        for row in pq.read_table(file.path).to_pylist():
            row["body"] = row["body"].replace(base_url.encode(), b"http://server")
            pages.setdefault(file.stream, {})[row["log_index"]] = row
    newest: dict[str, dict[Place, list[int]]] = {}
    for window in store.windows().to_pylist():
        place = window["scope"], window["parent_key"]
        newest.setdefault(window["stream"], {})[place] = window["page_indexes"]
    return {
        stream.name: _set(stream, pages.get(stream.name, {}), newest.get(stream.name, {}))
        for stream in streams
    }


def _set(
    stream: HttpStream, pages: Mapping[int, dict[str, Any]], newest: Mapping[Place, list[int]]
) -> dict[str, Held]:
    if stream.mode is Mode.REPLACE_SET:
        chosen = [(place, pages[index]) for place, indexes in newest.items() for index in indexes]
    else:
        chosen = [((row["scope"], row["parent_key"]), row) for _, row in sorted(pages.items())]
    held: dict[str, Held] = {}
    versions: dict[str, str] = {}
    for place, row in chosen:
        for at, record in enumerate(records_at(stream, row["body"])):
            key = key_of(stream, record, place, at=(row["log_index"], at))
            version = updated_at(stream, record)
            if key not in held or versions[key] <= version:
                held[key] = Held(place, msgspec.json.encode(record, order="sorted"))
                versions[key] = version
    return held


def records_at(stream: HttpStream, body: bytes) -> Iterator[Any]:
    """The records of a page; the items of Jenkins' tree one by one."""
    document = msgspec.json.decode(body)
    if stream.is_single and stream.name == "jobs":
        yield from _tree(document)
        return
    for name in (stream.envelope or "").split("."):
        if name and isinstance(document, dict) and name in document:
            document = document[name]
    listed = document if isinstance(document, list) else records_of(msgspec.json.encode(document))
    yield from (listed or [])


def _tree(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield {name: value for name, value in item.items() if name != "jobs"}
    for below in item.get("jobs") or ():
        yield from _tree(below)


def key_of(stream: HttpStream, record: Any, place: Place, *, at: tuple[int, int] = (0, 0)) -> str:
    """The key as JSON; of a record that lacks a part of it, its place."""
    own = {"@scope": place[0], "@parent_key": place[1]}
    is_set = stream.mode is Mode.REPLACE_SET
    parts = [own[path] if path in own else value_of(record, path) for path in stream.keys]
    if any(part is None for part in parts) and not is_set:
        parts.append(list(at))
    elif is_set:
        parts += [*place]
    return msgspec.json.encode(parts, order="sorted").decode()


def value_of(record: Any, path: str) -> Any:
    """A value at a dotted path, None where there is none."""
    for name in path.removeprefix("$.").split("."):
        record = record.get(name) if isinstance(record, dict) else None
    return record


def updated_at(stream: HttpStream, record: Any) -> str:
    """What orders the versions of a record; empty where the fetch does."""
    value = value_of(record, stream.updated_at) if stream.updated_at else None
    if isinstance(value, str):
        try:
            return text_of(msgspec.convert(value, datetime))
        except msgspec.ValidationError:
            return ""
    return "" if value is None else f"{value:020}"
